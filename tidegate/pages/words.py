"""The words of the pages, per language. Both tables have the same keys (a test compares them)."""

Words = dict[str, str]

ZH: Words = {
    "plan_changed": "计划在您决定之后发生了变化，请重新确认。", "it_changed": "与之前不同：{what}。",
    "staged_again": "{place}重新部署过", "asked_by": "发布申请人",
    "ask": "{stack} {version} 将发布到{environment}。", "ask_runs": "当前版本是 {version}。", "ask_first": "这是首次发布。",
    "ask_by": "发布申请人：{name}。", "ask_schema": "数据库变更：{kind}。", "ask_until": "请在 {expires} 之前决定。",
    "ask_page": "请先阅读全部依据", "ask_restore": "{stack} 的数据将恢复为 {at} 的备份，由 {version} 继续服务。",
    "watched": "切换后的观察", "watched_for": "{seconds} 秒，变差则自动回到旧版本",
    "part env": "环境变量", "part compose": "Compose 文件", "part stack": "stack.yaml", "part files": "挂载的文件",
    "plan": "发布计划", "commits": "本次更新内容", "config": "配置变更（仅名称）", "migration": "数据库变更",
    "way_back": "回滚方案", "preflight": "发布前检查", "hash": "计划编号", "try_it": "请在{place}验收",
    "smoke": "{place}检查结果", "backup": "备份", "decide": "您的决定", "check": "检查项", "found": "结果",
    "time": "用时", "nothing": "无", "table": "数据表", "rows": "行数", "no_tables": "数据库中还没有数据表。",
    "traffic": "切换期间的访问", "requests": "请求总数", "failed": "失败", "gap": "最长间隔",
    "nothing_runs": "（尚未发布过）", "runs_now": "当前版本", "new": "新版本", "domains": "网址",
    "images": "镜像变化", "image_stays": "不变，仍是 {new}",
    "image_origin built": "由本次提交构建", "image_origin registry": "来自镜像仓库",
    "image_origin host": "⚠ 只在主机上，没有向任何镜像仓库核对过",
    "image_says version": "版本", "image_says revision": "提交", "image_says created": "创建时间", "image_says source": "源码",
    "images_whole_slot": "所有服务都会重新启动一份；标为“不变”的服务使用相同的镜像。",
    "schema": "数据库变更类型",
    "no_repository": "没有代码仓库：能看到的变化都在镜像一栏。", "added": "新增", "removed": "移除", "changed": "修改",
    "emptied": "⚠ 变为空值", "no_migration": "没有数据库变更。",
    "interruption": "切换时的中断", "measured": "{place}切换时：{total} 个请求中 {failed} 个失败，最长间隔 {gap} 毫秒",
    "not_measured": "没有测量过", "not_measured_on": "{place}没有测量过",
    "checks": "线上检查结果", "days": "{count} 天", "hours": "{count} 小时", "minutes": "{count} 分钟",
    "privileges": "⚠ 主机权限", "service": "服务", "setting": "设置", "reason": "理由", "privileges_text":
        "以下设置使容器能够接触主机本身。批准发布，也就是同意这些权限。",
    "accepted": "⚠ 由团队自行承担", "accepted_what": "说明", "name": "名称", "accepted scratch": "不备份，可能丢失",
    "accepted elsewhere": "由别处备份：Tidegate 不备份、不恢复，迁移前也不演练",
    "accepted password": "众所周知的默认密码",
    "go saved": "系统先备份，再发布到{place}", "go": "系统发布到{place}",
    "staged_keeps": "，{place}保留当前结果",
    "page evidence": "验收依据", "page smoke": "检查结果", "page traffic": "切换期间的访问", "page backup": "备份",
    "page record": "发布记录",
    "restore": "恢复数据", "restore_version": "恢复后的版本", "restore_backup": "使用的备份", "revision": "数据库版本",
    "restore_loss": "**⚠ {at} 之后写入的数据会被移除。**系统会先把现有数据另存为一份核对过的备份，必要时还可以恢复。",
    "restore_rows": "每张数据表的变化", "now": "现在", "after": "恢复后", "difference": "差异",
    "restore_steps": "批准之后", "restore_steps_text":
        "1. 备份先恢复到现有数据旁边，并逐表核对行数；此时网站照常服务。\n"
        "2. 网站停止服务（返回 503），旧容器停止，不再写入数据。\n3. 现有数据另存备份并核对。\n"
        "4. 核对过的数据替换现有数据。\n5. 启动 {version}，检查通过后恢复服务。\n\n"
        "按备份时的用时估计，服务中断约 {seconds} 秒。",
    "restore_decide": "- **approve（批准）**：请先打开表单中的两项确认。\n- **reject（拒绝）**：不做任何改动。\n\n"
                      "请在 **{expires}** 之前决定，过期后不会恢复。",
    "kind none": "无变更", "kind additive": "只增加（旧版本可继续使用）", "kind needs downgrade": "需要降级才能回到旧版本",
    "kind lossy": "会丢失数据", "kind unknown": "未知：无法自动回退",
    "kind irreversible": "不可逆", "kind asked": "数据放得下时才能降级",
    "back image only": "如有问题：几秒内切换回 {version}，数据库保持不变。",
    "back image + downgrade": "如有问题：切换回 {version}，并由新版本的镜像把数据库降级。",
    "back ask the data": "如有问题：先检查新版本写入的数据。旧的数据库结构都能容纳时，自动切换回 {version} 并降级数据库；"
                         "**⚠ 有放不下的数据时不会截断，系统会停下来，由负责人决定。**",
    "back stop and ask": "**⚠ 无法自动回到 {version}：数据库变更会丢失数据、不可逆，或其内容未知。**"
                         "出现问题时系统会停下来，由负责人决定。",
    "back none": "这是首次发布，没有可以回退的版本。",
    "no_backup": "发布前会自动备份，并恢复到临时数据库中核对；核对不通过则停止发布。",
    "backup_of_nothing": "{at}，{size}，其中没有表；备份用时 {dump} 秒，恢复并核对用时 {restore} 秒。",
    "backup_text": "{at}，{size}，{tables} 张表共 {rows} 行；备份用时 {dump} 秒，恢复并核对用时 {restore} 秒。",
    "last_backup": "上一次已核对的备份在 {age}前：{text}\n\n批准后会再次备份并核对，然后才改动{place}。",
    "no_backup_here": "本次发布不做备份：stack.yaml 没有要求，也没有数据库变更。",
    "decide_text": "请在运行页面点击 **Resume** 填写表单：\n\n"
                   "- **approve（批准）**：请先逐项确认验收清单。"
                   "{go}，期间旧版本继续服务。\n"
                   "- **reject（拒绝）**：{place}不做任何改动{kept}。\n\n"
                   "请在 **{expires}** 之前决定，过期后不会发布。",
}

EN: Words = {
    "plan_changed": "The plan has changed since it was shown: please decide anew.", "it_changed": "Different now: {what}.",
    "staged_again": "{place} was deployed again", "asked_by": "Asked for by",
    "ask": "{stack} {version} is to go to {environment}.", "ask_runs": "{version} runs there now.",
    "ask_first": "Nothing runs there yet.", "ask_by": "Asked for by {name}.", "ask_schema": "Database change: {kind}.",
    "ask_until": "Decide before {expires}.", "ask_page": "Read everything you decide about",
    "ask_restore": "The data of {stack} are to be those of {at} again, and {version} is to serve them.",
    "watched": "Watched after the switch", "watched_for": "for {seconds} s; if it becomes worse, the old version comes back",
    "part env": "Env file", "part compose": "Compose files", "part stack": "stack.yaml", "part files": "Mounted files",
    "plan": "Release plan", "commits": "What changes", "config": "Configuration (names only)", "migration": "Database changes",
    "way_back": "The way back", "preflight": "Checks before the release", "hash": "Plan", "try_it": "Try it on {place}",
    "smoke": "What {place} answered", "backup": "Backup", "decide": "Your decision", "check": "Check", "found": "Answer",
    "time": "Time", "nothing": "None.", "table": "Table", "rows": "Rows", "no_tables": "The database holds no tables yet.",
    "traffic": "Traffic during the switch", "requests": "Requests", "failed": "Failed", "gap": "Longest gap",
    "nothing_runs": "(nothing yet)", "runs_now": "Runs now", "new": "New version", "domains": "Addresses",
    "images": "Images", "image_stays": "stays {new}",
    "image_origin built": "built from the commit", "image_origin registry": "from its registry",
    "image_origin host": "⚠ on the host alone: it was looked up in no registry",
    "image_says version": "Version", "image_says revision": "Revision", "image_says created": "Created",
    "image_says source": "Source",
    "images_whole_slot": "All services start anew, beside the old ones; those that stay do so from the same image.",
    "schema": "Database change",
    "no_repository": "There is no repository: what can be known of the change stands under the images.",
    "added": "Added", "removed": "Removed", "changed": "Changed",
    "emptied": "⚠ Now empty", "no_migration": "No database changes.",
    "interruption": "Interruption by the switch",
    "measured": "on {place} {failed} of {total} requests failed; longest gap {gap} ms", "not_measured": "not measured",
    "not_measured_on": "not measured on {place}",
    "checks": "Checks through the public address", "days": "{count} days", "hours": "{count} hours", "minutes": "{count} min",
    "privileges": "⚠ Access to the host", "service": "Service", "setting": "Setting", "reason": "Reason", "privileges_text":
        "By these settings a container gets hold of the machine itself. Whoever approves the release approves them too.",
    "accepted": "⚠ Taken upon itself by the team", "accepted_what": "What it means", "name": "Name",
    "accepted scratch": "It is not saved, and may be lost", "accepted elsewhere":
        "Saved elsewhere: no backup and no restore by Tidegate, and a migration is not rehearsed on a copy",
    "accepted password": "A password that everybody knows",
    "go saved": "A backup is made, then the version goes to {place}", "go": "The version goes to {place}",
    "staged_keeps": "; {place} keeps what it has",
    "page evidence": "What you decide about", "page smoke": "Checks", "page traffic": "Traffic during the switch",
    "page backup": "Backup", "page record": "Release record",
    "restore": "Restore data", "restore_version": "Version after it", "restore_backup": "Backup", "revision": "Schema revision",
    "restore_loss": "**⚠ What was written since {at} is taken away.** What is there now is saved first, as a verified backup of "
                    "its own, from which it could be brought back.",
    "restore_rows": "What changes in each table", "now": "Now", "after": "After", "difference": "Difference",
    "restore_steps": "After your approval", "restore_steps_text":
        "1. The backup is restored beside what is there, and the rows are compared. People are served meanwhile.\n"
        "2. Nobody is served (status 503), and the containers are stopped, so that nothing is written.\n"
        "3. What is there now is backed up and verified.\n4. The copy takes its place.\n"
        "5. {version} is started and checked, and serves again.\n\n"
        "By the times of the backup, people are not served for about {seconds} s.",
    "restore_decide": "- **approve**: switch on both confirmations first.\n- **reject**: nothing is changed.\n\n"
                      "Decide before **{expires}**; after that nothing is restored.",
    "kind none": "none", "kind additive": "additive (the old version still works)",
    "kind needs downgrade": "needs a downgrade to go back", "kind lossy": "loses data",
    "kind unknown": "unknown: no automatic way back", "kind irreversible": "irreversible",
    "kind asked": "goes back only if the data fit",
    "back image only": "If something is wrong: one switch back to {version} within seconds; the database stays as it is.",
    "back image + downgrade": "If something is wrong: switch back to {version}, and the new image downgrades the database.",
    "back ask the data": "If something is wrong: the data are asked first. If all that was written since fits into the old "
                         "schema, one goes back to {version} with a downgrade. **⚠ If not, nothing is cut: Tidegate stops and "
                         "a person decides.**",
    "back stop and ask": "**⚠ There is no automatic way back to {version}:** the database change loses data, cannot be undone, "
                         "or is not known. If something is wrong, Tidegate stops and a person decides.",
    "back none": "This is the first release: there is no version to go back to.",
    "no_backup": "A backup is made before the release and restored into a scratch database; if that fails, the release stops.",
    "backup_of_nothing": "{at}, {size}, no table in it; dumped in {dump} s, restored and compared in {restore} s.",
    "backup_text": "{at}, {size}, {rows} rows in {tables} table(s); dumped in {dump} s, restored and compared in {restore} s.",
    "last_backup": "The last verified backup is {age} old: {text}\n\nAfter your approval another one is made and verified, "
                   "before anything in {place} changes.",
    "no_backup_here": "No backup is made before this release: stack.yaml asks for none, and the database is not changed.",
    "decide_text": "Answer in the form behind **Resume**, on the page of the run:\n\n"
                   "- **approve**: confirm the checklist first. {go} while the "
                   "old one keeps serving.\n- **reject**: {place} is not touched{kept}.\n\n"
                   "Decide before **{expires}**; after that nothing is released.",
}

WORDS: dict[str, Words] = {"zh": ZH, "en": EN}
