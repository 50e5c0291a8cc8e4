"""Migration tools that are told what to do in commands. The other tools of this kind are built on
this room."""
