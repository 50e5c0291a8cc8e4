"""Migration tools of applications, a folder each, behind two ports."""
