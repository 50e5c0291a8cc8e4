"""Parameter types of the flows: words a person can type.

The names of stacks and environments become lists to pick from when the deployments are registered
(`control/deployments.py`): a new one needs no restart."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tidegate.stack.formats import MOST_WATCH_SECONDS

# People's words stand in names of runs and in messages: no control character, nothing that turns a
# line round.
_ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
StackName = Annotated[str, Field(max_length=100, pattern=_ONE_LINE)]
EnvironmentName = Annotated[str, Field(max_length=20, pattern=_ONE_LINE)]
VersionName = Annotated[str, Field(min_length=1, max_length=60, pattern=_ONE_LINE)]
WatchSeconds = Annotated[int | None, Field(ge=0, le=MOST_WATCH_SECONDS)]
BackupName = Annotated[str, Field(max_length=120, pattern=_ONE_LINE)]
Target = Annotated[str | None, Field(max_length=120, pattern=_ONE_LINE)]
StepsBack = Annotated[int, Field(ge=1, le=20)]
Reason = Annotated[str, Field(min_length=2, max_length=500, pattern=_ONE_LINE)]
EventText = Annotated[str, Field(min_length=1, max_length=500, pattern=_ONE_LINE)]
Person = Annotated[str, Field(max_length=100, pattern=_ONE_LINE)]
