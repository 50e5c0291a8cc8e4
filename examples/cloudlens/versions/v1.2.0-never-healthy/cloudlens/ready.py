"""`/ready`：等价格目录加载完（它永远加载不完）。"""

from starlette.requests import Request
from starlette.responses import JSONResponse


def ready(request: Request) -> JSONResponse:
    return JSONResponse({"price_catalogue": False}, status_code=503)
