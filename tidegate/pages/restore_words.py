"""The words of the pages about putting data back, per language."""

RESTORE_ZH: dict[str, str] = {
    "ask_restore": "{stack} 的数据将恢复为 {at} 的备份，由 {version} 继续服务。",
    "restore": "恢复数据",
    "restore_version": "恢复后的版本",
    "restore_backup": "使用的备份",
    "restore_loss": "**⚠ {at} 之后写入的数据会被移除。"
    "**系统会先把现有数据另存为一份核对过的备份，必要时还可以恢复。",
    "restore_rows": "每张数据表的变化",
    "now": "现在",
    "after": "恢复后",
    "difference": "差异",
    "restore_steps": "批准之后",
    "restore_steps_text": "1. 备份先恢复到现有数据旁边，并逐表核对行数；此时网站照常服务。\n"
    "2. 网站停止服务（返回 503），旧容器停止，不再写入数据。\n3. 现有数据另存备份并核对。\n"
    "4. 核对过的数据替换现有数据。\n5. 启动 {version}，检查通过后恢复服务。\n\n"
    "按备份时的用时估计，服务中断约 {seconds} 秒。",
    "restore_decide": "- **approve（批准）**：请先打开表单中的两项确认。\n"
    "- **reject（拒绝）**：不做任何改动。\n\n"
    "请在 **{expires}** 之前决定，过期后不会恢复。",
}
RESTORE_EN: dict[str, str] = {
    "ask_restore": "The data of {stack} are to be those of {at} again, "
    "and {version} is to serve them.",
    "restore": "Restore data",
    "restore_version": "Version after it",
    "restore_backup": "Backup",
    "restore_loss": "**⚠ What was written since {at} is taken away.** What is there now is saved "
    "first, as a verified backup of its own, from which it could be brought back.",
    "restore_rows": "What changes in each table",
    "now": "Now",
    "after": "After",
    "difference": "Difference",
    "restore_steps": "After your approval",
    "restore_steps_text": "1. The backup is restored beside what is there, and the rows are "
    "compared. People are served meanwhile.\n"
    "2. Nobody is served (status 503), and the containers are stopped, "
    "so that nothing is written.\n"
    "3. What is there now is backed up and verified.\n4. The copy takes its place.\n"
    "5. {version} is started and checked, and serves again.\n\n"
    "By the times of the backup, people are not served for about {seconds} s.",
    "restore_decide": "- **approve**: switch on both confirmations first.\n"
    "- **reject**: nothing is changed.\n\n"
    "Decide before **{expires}**; after that nothing is restored.",
}
