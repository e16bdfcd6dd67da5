from collections.abc import Mapping, Sequence
from datetime import datetime

from agentdojo.functions_runtime import TaskEnvironment

class Email:
    id_: str
    body: str
    read: bool

class Inbox:
    emails: Mapping[str, Email]
    received: Sequence[Email]
    sent: Sequence[Email]

class File:
    size: int

class CloudDrive:
    files: Mapping[str, File]

class Event:
    start_time: datetime
    participants: Sequence[str]

class Calendar:
    events: Mapping[str, Event]

class WorkspaceEnvironment(TaskEnvironment):
    inbox: Inbox
    calendar: Calendar
    cloud_drive: CloudDrive
