"""The words of the pages about databases that patterns find, per language."""

FOUND_ZH: dict[str, str] = {
    "found_by": "{entry} 的数据库（{pattern}）",
    "found_now": "现有 {count} 个：{names}。备份时存在的全部都会保存",
    "found_none": "⚠ 目前一个也没有：不会保存任何数据库。如果应该有，"
    "请检查 stack.yaml 中的 pattern",
    "found_elsewhere": "现有 {count} 个：{names}，由别处备份",
    "found_elsewhere_none": "⚠ 目前一个也没有。如果应该有，请检查 stack.yaml 中的 pattern",
    "found_saved": "已保存 {count} 个：{names}",
    "found_saved_none": "⚠ 一个也没有，因此没有保存",
    "found_new": "制定计划之后新建：{names}",
    "found_gone": "⚠ 制定计划时存在，备份时已不存在：{names}",
    "restore_dropped": "**⚠ 备份之后被删除，将重新建立：**{names}",
    "restore_later": "**⚠ 备份之后新建，保持原样，不恢复也不清除：**{names}。"
    "{version} 将直接使用它们；如不适用，请由负责人处理。",
}
FOUND_EN: dict[str, str] = {
    "found_by": "Databases of {entry} ({pattern})",
    "found_now": "{count} now: {names}. All that are there at the backup are saved",
    "found_none": "⚠ none now: no database is saved by it. If there should be some, look at the "
    "pattern in stack.yaml",
    "found_elsewhere": "{count} now: {names}. They are saved elsewhere",
    "found_elsewhere_none": "⚠ none now. If there should be some, look at the pattern in "
    "stack.yaml",
    "found_saved": "{count} saved: {names}",
    "found_saved_none": "⚠ there was none, so none is saved",
    "found_new": "made since the plan: {names}",
    "found_gone": "⚠ there when it was planned, and gone at the backup: {names}",
    "restore_dropped": "**⚠ Dropped since the backup, and made again by it:** {names}",
    "restore_later": "**⚠ Made since the backup, and left as they are, neither put back nor "
    "cleared:** {names}. {version} will work with them; where it cannot, a person decides "
    "what becomes of them.",
}
