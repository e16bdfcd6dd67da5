"""The runtime of type `OpenApi`: functions are operations of an OpenAPI 3 description, calls are HTTP requests."""

from runtimes.openapi.executor import OpenApiExecutor, open_openapi

__all__ = ["OpenApiExecutor", "open_openapi"]
