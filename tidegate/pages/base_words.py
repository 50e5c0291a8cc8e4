"""The words of the pages about base services, per language."""

Words = dict[str, str]

BASE_ZH: Words = {
    "base": "基础服务变更",
    "page base": "基础服务变更",
    "base_none": "所有基础服务都与 Compose 文件一致，没有需要变更的内容。",
    "base_what": "变更内容（仅名称）",
    "base_image": "镜像",
    "base_data": "数据（原样保留）",
    "base_wait": "停止／启动最多（秒）",
    "base_database": "数据库 {name}",
    "base_not_touched": "Compose 文件中已经没有、但仍在运行的服务：{names}。不会改动它们。",
    "base_missing": "还没有启动过的服务：{names}。由下一次发布启动。",
    "base_steps": "批准之后",
    "base_closed": "**⚠ 变更期间网站停止服务（返回 503）：**容器停止，{save}"
    "然后重建上述服务；启动并检查通过后恢复服务。"
    "停止最多 {stop} 秒，启动最多 {start} 秒{backup}。",
    "base_open": "网站照常服务：没有发布的服务依赖于它们。{save}"
    "上述服务会中断：停止最多 {stop} 秒，启动最多 {start} 秒{backup}。",
    "base_save": "先备份并核对数据，",
    "base_backup": "，另加备份与核对的用时（上次为 {seconds} 秒）",
    "base_back": "如果新的容器没有正常启动，或检查没有通过：按原来的镜像和配置恢复旧容器，"
    "数据不会被改动。旧服务器若已无法读取数据，系统会停下来，由负责人决定。",
    "base_decide": "- **approve（批准）**：请先打开表单中的两项确认。\n"
    "- **reject（拒绝）**：不做任何改动。\n\n请在 **{expires}** 之前决定，过期后不会变更。",
    "ask_base": "{stack} 的基础服务将重建：{services}。版本 {version} 保持不变。",
    "ask_base_closed": "**⚠ 期间网站停止服务。**",
    "ask_base_open": "期间网站照常服务。",
    "ask_base_saved": "变更前会备份并核对数据。",
}
BASE_EN: Words = {
    "base": "Change base services",
    "page base": "Change of base services",
    "base_none": "Every base service runs as the compose files say: there is nothing to change.",
    "base_what": "What differs (names only)",
    "base_image": "Image",
    "base_data": "Data (they stay)",
    "base_wait": "Stop / start, at most (s)",
    "base_database": "database {name}",
    "base_not_touched": "These run, and no compose file names them any more: {names}. "
    "They are not touched.",
    "base_missing": "These have never been started: {names}. The next release does it.",
    "base_steps": "After your approval",
    "base_closed": "**⚠ Nobody is served while it lasts (status 503):** the containers are "
    "stopped, {save}then the services above are made anew; the version is started and checked, "
    "and serves again. Stopping takes up to {stop} s, starting up to {start} s{backup}.",
    "base_open": "People are served meanwhile, because no released service depends on them. {save}"
    "The services above are away: stopping takes up to {stop} s, starting up to {start} s{backup}.",
    "base_save": "the data are saved and the backup is verified, ",
    "base_backup": ", besides the backup and its proof (the last one took {seconds} s)",
    "base_back": "If a new container does not become healthy, or a check fails: the old ones are "
    "made again with their image and their settings, and no data are changed. If the old server "
    "cannot read the data any more, Tidegate stops and a person decides.",
    "base_decide": "- **approve**: switch on both confirmations first.\n"
    "- **reject**: nothing is changed.\n\n"
    "Decide before **{expires}**; after that nothing is changed.",
    "ask_base": "Base services of {stack} are to be made anew: {services}. Version {version} "
    "stays.",
    "ask_base_closed": "**⚠ Nobody is served while it lasts.**",
    "ask_base_open": "People are served meanwhile.",
    "ask_base_saved": "The data are saved first, as a verified backup.",
}
