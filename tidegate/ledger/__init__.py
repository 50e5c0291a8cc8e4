"""The ledger: the one store of what was released, by whom, how far it came and what serves."""

from tidegate.ledger.ledger import Ledger
from tidegate.ledger.tables import (
    Approval,
    AuditEntry,
    Delivery,
    Deployment,
    Hold,
    Incident,
    Lock,
    Release,
    Step,
    StoredBackup,
)

__all__ = [
    "Approval",
    "AuditEntry",
    "Delivery",
    "Deployment",
    "Hold",
    "Incident",
    "Ledger",
    "Lock",
    "Release",
    "Step",
    "StoredBackup",
]
