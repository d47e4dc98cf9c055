"""Photos and documents: a folder for one machine, S3 or GCS's S3 endpoint for many."""

from jarvis.engine.integration import Integration
from jarvis.integrations.storage.kinds import KINDS
from jarvis.integrations.storage.port import opened
from jarvis.integrations.storage.settings import StorageSettings

INTEGRATION = Integration(
    name="storage",
    title="Storage",
    settings=StorageSettings,
    connect=opened,
    effects=KINDS,
    carriers=("effects:StorageEffects",),
    process="bot",
    concurrency=1,
    switchable=False,
)
