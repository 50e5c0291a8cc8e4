"""The product managers' own wording (field notes 4.3), kept letter by letter where they fixed
it."""

TEXTS = {
    "kind production": "生产环境",
    "kind staging": "测试环境",
    "kind development": "开发环境",
    "record production": "Production",
    "record staging": "Staging",
    "record development": "Development",
    "in kind production": "生产环境",
    "in kind staging": "测试环境",
    "in kind development": "开发环境",
    "join": "；",
    "no changes": "没有新的代码变更",
    "and more": "等共 {count} 项",
    "product": "产品: {title}",
    "released.title": "✅ {environment}已更新",
    "released.body": "版本: {version}\n发布内容: {changes}\n发布时间: {at}\n"
    "验证状态: 已验证，运行正常",
    "rolled_back.title": "⚠️ 紧急回滚通知",
    "rolled_back.body": "\n{environment}已回滚到上一个稳定版本\n回滚原因: {reason}\n"
    "回滚时间: {at}\n当前状态: 系统已恢复正常\n"
    "后续计划: 技术团队将修复问题后重新发布",
    "adopted.title": "🤝 {environment}已由 Tidegate 接管",
    "adopted.body": "版本: {version}\n接管时间: {at}\n当前状态: 原有服务继续运行，数据库未重启\n"
    "后续: 今后通过 Tidegate 发布新版本",
    "base_changed.title": "🔧 {environment}的基础服务已变更",
    "base_changed.body": "版本: {version}，与之前相同\n变更的服务: {services}\n变更原因: {reason}\n"
    "服务中断: {seconds} 秒\n当前状态: 已检查，运行正常",
    "restored.title": "⚠️ {environment}已恢复备份数据",
    "restored.body": "版本: {version}\n恢复原因: {reason}\n恢复时间: {at}\n"
    "当前状态: 系统已恢复正常；备份之后写入的数据另存在单独的备份中\n后续计划: 请补录缺少的数据",
    "staging_ready.title": "{title} {version} 已经部署到{place}了，麻烦验收一下",
    "staging_ready.body": "版本: {version}\n验收地址: {url}\n决定页面: {run}\n截止时间: {before}",
    "asks.title": "{title} {version} 等待您的决定",
    "asks.body": "版本: {version}\n决定页面: {run}\n截止时间: {before}",
    "what release": "发布",
    "what rollback": "回滚",
    "what restore": "恢复数据",
    "what adoption": "接管",
    "what base": "基础服务变更",
    "failed.title": "❌ {environment}{what}失败",
    "failed.body": "版本: {version}\n失败原因: {reason}\n当前状态: {serving}\n"
    "后续计划: 请技术团队修复后重新{what}",
    "serving yes": "旧版本继续提供服务",
    "serving no": "该环境还没有可用的版本",
    "rejected.title": "🚫 {environment}{what}未获批准",
    "rejected.body": "版本: {version}\n决定人: {name}\n理由: {reason}\n"
    "当前状态: {environment}没有任何改动\n"
    "后续计划: 请技术团队修改后重新{what}",
    "refused.title": "🚫 {environment}{what}没有开始",
    "refused.body": "版本: {version}\n申请人: {name}\n原因: {reason}\n"
    "当前状态: {environment}没有任何改动\n"
    "后续计划: 请更正后重新{what}",
    "needs_person.title": "🆘 {environment}需要人工处理",
    "needs_person.body": "版本: {version}\n原因: {reason}\n"
    "当前状态: 自动操作已停止，等待负责人决定\n"
    "后续计划: 请负责人立即查看运行记录",
    "degraded.title": "📉 {environment}运行变差",
    "degraded.body": "版本: {version}\n原因: {reason}\n当前状态: 当前版本继续提供服务\n"
    "后续计划: 请查看；如有需要，可一键回滚",
    "approval_expired.title": "⌛ {title} {version} 的验收已过期",
    "approval_expired.body": "版本: {version}\n当前状态: {environment}没有任何改动\n"
    "后续计划: 如仍需发布，请重新发起",
    "audit_differs.title": "🆘 发布账本与写入时不一致",
    "audit_differs.body": "{findings}\n当前状态: 线上版本继续提供服务；发布记录被人从外部改动过\n"
    "后续计划: 请运行 `tidegate audit verify` 查看前后两个值，并查明谁能接触到账本",
    "audit.whole": "✅ 发布账本与写入时一致",
    "audit.figures": "已核对审计链的 {entries} 条记录、数据表的 {rows} 行，"
    "以及账本之外保存的 {anchors} 个哈希",
    "audit.newest": "最新哈希",
    "record": "## 发布记录 - {date}\n\n**版本**: {version}  \n**环境**: {environment}  \n"
    "**发布人**: {released_by}  \n"
    "**发布时间**: {at}\n\n**发布内容**:\n{changes}\n\n**验收状态**:\n"
    "- [{accepted}] {acceptance}\n"
    "- [x] {place}部署成功\n- [x] 功能验证正常\n\n**客户反馈**:\n- 暂无问题反馈\n\n"
    "**备注**:\n{remarks}\n",
    "acceptance": "验收通过",
    "acceptance on": "{staged}验收通过",
    "record product": "产品: {title}",
    "record approver": "验收人: {approver}",
    "record privilege": "主机权限：{privilege}",
    "record gap": "{service} 不能同时运行两份：新旧交接时停了 {seconds} 秒",
    "record outage": "更换期间网站中断了 {seconds} 秒",
    "configuration lost": "配置: 计划时保存的配置已丢失，使用的是应用文件夹当前的配置",
    "absent.server": "Prefect 服务器没有响应：发布、回滚、恢复都不会进行，也没有人看守生产环境。"
    "请运行 `tidegate run` 启动",
    "absent.pool": "工作池已暂停：发布、回滚、恢复都不会进行，也没有人看守生产环境。请在 Prefect "
    "界面的 Work Pools 中恢复",
    "absent.worker": "没有收到工作进程的消息（最近一次: {since}）：发布、回滚、恢复都不会进行，"
    "也没有人看守生产环境。请运行 `tidegate run` 启动",
    "absent.schedule": "{name} 已暂停或没有定时：{what}。请在 Prefect 界面的 Deployments 中恢复",
    "absent recover/all": "崩溃中断的操作不会自动恢复",
    "absent watch/all": "没有人看守生产环境",
    "never": "从未收到",
    "same person": "申请人与批准人为同一人: {name}",
    "record source": "本记录由发布结果自动生成",
}
