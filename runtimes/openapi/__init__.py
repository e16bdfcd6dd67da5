"""The runtime of type `OpenApi`: functions are operations of an OpenAPI 3 description, calls are HTTP requests."""

from runtimes.openapi.executor import OpenApiExecutor, describe, execute, open_openapi

__all__ = ["OpenApiExecutor", "describe", "execute", "open_openapi"]
