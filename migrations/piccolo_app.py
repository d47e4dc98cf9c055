"""Tells Piccolo where the history lies."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

APP_CONFIG = AppConfig(
    app_name="jarvis", migrations_folder_path=str(Path(__file__).parent), table_classes=[]
)
