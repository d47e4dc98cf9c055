"""Piccolo's own configuration module (named by PICCOLO_CONF); read only by `jarvis migrate`."""

import os

from piccolo.conf.apps import AppRegistry
from piccolo.engine.postgres import PostgresEngine

DB = PostgresEngine(config={"dsn": os.environ["JARVIS_DATABASE_DIRECT_URL"]}, extensions=())
APP_REGISTRY = AppRegistry(apps=["migrations.piccolo_app"])
