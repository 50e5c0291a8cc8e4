"""Parameter types of the flows: words a person can type, and lists a person can pick from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tidegate.catalogue import every_stack
from tidegate.settings import Settings

StackName = Annotated[str, Field(json_schema_extra={"enum": every_stack(Settings().stacks).names})]
VersionName = Annotated[str, Field(min_length=1, max_length=60)]
WatchSeconds = Annotated[int | None, Field(ge=0, le=4 * 3600)]
BackupName = Annotated[str, Field(max_length=120)]
StepsBack = Annotated[int, Field(ge=1, le=20)]
Reason = Annotated[str, Field(min_length=2, max_length=500)]
EventText = Annotated[str, Field(min_length=1, max_length=500)]
SeverityName = Literal["red", "yellow", "green"]
