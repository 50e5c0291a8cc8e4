"""Parameter types of the flows: words a person can type, and lists a person can pick from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tidegate.catalogue import every_stack
from tidegate.settings import Settings

# People's words stand in names of runs and in messages: no control character, nothing that turns a line round.
_ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
StackName = Annotated[str, Field(
    max_length=100, pattern=_ONE_LINE, json_schema_extra={"enum": every_stack(Settings().stacks).names})]
VersionName = Annotated[str, Field(min_length=1, max_length=60, pattern=_ONE_LINE)]
WatchSeconds = Annotated[int | None, Field(ge=0, le=4 * 3600)]
BackupName = Annotated[str, Field(max_length=120, pattern=_ONE_LINE)]
Target = Annotated[str | None, Field(max_length=120, pattern=_ONE_LINE)]
StepsBack = Annotated[int, Field(ge=1, le=20)]
Reason = Annotated[str, Field(min_length=2, max_length=500, pattern=_ONE_LINE)]
EventText = Annotated[str, Field(min_length=1, max_length=500, pattern=_ONE_LINE)]
Person = Annotated[str, Field(max_length=100, pattern=_ONE_LINE)]
SeverityName = Literal["red", "yellow", "green"]
