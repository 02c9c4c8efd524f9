"""The hosts of Instagram on the built-in web: the Graph API, and the site for browsers."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import web

from carsets.fakeweb.answers import redirect
from carsets.fakeweb.instagram_posts import (
    grid,
    kind_of,
    media,
    number_of_code,
    posts_of,
    record,
    words_of,
)
from carsets.fakeweb.modes import mode_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.fakeweb.traffic import Mode

GRAPH, SITE = "graph.facebook.com", "www.instagram.com"
HOSTS = frozenset({GRAPH, SITE})

# (status, code, message) of the Graph API's errors
_ERRORS = {
    "bad_key": (400, 190, "Error validating access token: Session has expired"),
    "quota": (403, 4, "Application request limit reached"),
    "tags_used_up": (400, 18, "Maximum number of hashtags reached"),
    "permission": (403, 10, "Application does not have permission for this action"),
}
_WAIT = {
    "message": "Please wait a few minutes before you try again.",
    "require_login": True,
    "status": "fail",
}
_SCROLLING = """<script>(function(){const q="/api/v1/fbsearch/web/top_serp/?enable_metadata=true"
+"&query=%s";let next="",busy=true;
async function more(){const r=await fetch(q+(next?"&next_max_id="+next:""));const t=await r.json();
const g=t.media_grid||{};
document.body.insertAdjacentHTML("beforeend",'<div style="height:2000px"></div>');
next=g.has_more?g.next_max_id:null;busy=next===null;}
addEventListener("scroll",()=>{if(!busy){busy=true;more();}});more();})();</script>"""


async def instagram_answer(
    request: web.Request, host: str, mode: Mode | None, per_combination: int
) -> web.StreamResponse:
    """Return the answer of one of Instagram's hosts, in a mode or well."""
    if host == GRAPH:
        return await _graph(request, host, mode, per_combination)
    path = request.path
    if path.startswith(("/accounts/", "/challenge/")):
        return _html("<html><body><form>Log in to Instagram</form></body></html>")
    if mode is not None:
        return await _refusal(request, host, mode, per_combination)
    if path.startswith("/p/"):
        return _post(path.split("/")[2])
    if "sessionid" not in request.cookies:
        return redirect(f"https://{SITE}/accounts/login/?next={quote(path, safe='')}")
    if path.startswith("/explore/tags/"):
        tag = path.split("/")[3]
        page = f'<div style="height:6000px"></div>{_SCROLLING % quote("#" + tag, safe="")}'
        return _html(f"<!DOCTYPE html><html><body>{page}</body></html>")
    if path == "/api/v1/fbsearch/web/top_serp/":
        tag = request.query.get("query", "").lstrip("#")
        start = request.query.get("next_max_id", "").removeprefix("r:")
        return web.json_response(grid(tag, int(start or 0), per_combination))
    return web.Response(status=404)


async def _refusal(
    request: web.Request, host: str, mode: Mode, per_combination: int
) -> web.StreamResponse:
    api = request.path.startswith("/api/")
    if mode.name == "login":
        return redirect(f"https://{SITE}/accounts/login/?next={quote(request.path, safe='')}")
    if mode.name == "captcha":
        if api:
            answer = {"message": "checkpoint_required", "status": "fail"}
            return web.json_response(answer, status=400)
        return redirect(f"https://{SITE}/challenge/?next={quote(request.path, safe='')}")
    if mode.name == "quota":
        return web.json_response(_WAIT, status=401)
    if mode.name == "gated":
        return _html(_embedded({"xig_polaris_media": {"if_not_gated_logged_out": None}}))
    if mode.name == "changed":
        return _html(_embedded({"xig_polaris_media": {"code": "x", "picture": {"href": "/x"}}}))
    return await mode_answer(request, host, mode, per_combination)


def _post(code: str) -> web.Response:
    number = number_of_code(code)
    if number is None:
        return web.Response(status=404)
    post = media(number)
    if kind_of(number) == "image":
        post["display_uri"] = post["image_versions2"]["candidates"][0]["url"]
    data = {"xig_polaris_media": {"code": code, "if_not_gated_logged_out": post}}
    return _html(_embedded(data))


def _embedded(data: Mapping[str, Any]) -> str:
    script = {"require": [["X", "y", None, [{"__bbox": {"result": {"data": data}}}]]]}
    text = json.dumps(script).replace("<", "\\u003C")
    return (
        "<!DOCTYPE html><html><head><title>Instagram</title></head><body>"
        f'<script type="application/json" data-content-len="{len(text)}" data-sjs>{text}</script>'
        "</body></html>"
    )


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html")


async def _graph(
    request: web.Request, host: str, mode: Mode | None, per_combination: int
) -> web.StreamResponse:
    if mode is not None and mode.name in _ERRORS:
        return _graph_error(*_ERRORS[mode.name])
    if mode is not None and mode.name != "no_results":
        return await mode_answer(request, host, mode, per_combination)
    parameters, path = request.query, request.path.strip("/").split("/")
    if not parameters.get("access_token"):
        return _graph_error(400, 104, "An access token is required to request this resource.")
    if not parameters.get("user_id"):
        return _graph_error(400, 100, "The parameter user_id is required")
    if path[-1] == "ig_hashtag_search":
        tag = parameters.get("q", "")
        if mode is not None or not words_of(tag):
            return _graph_error(400, 24, "The requested resource does not exist")
        return _graph_json({"data": [{"id": _number_of_tag(tag)}]})
    tag = _tag_of_number(path[1]) if len(path) == 3 else ""
    if not tag or path[2] not in {"top_media", "recent_media"}:
        return _graph_error(400, 100, "Unsupported get request")
    return _graph_json(_media_page(request, tag, per_combination))


def _media_page(request: web.Request, tag: str, per_combination: int) -> dict[str, Any]:
    parameters = request.query
    after, limit = parameters.get("after", ""), min(int(parameters.get("limit", "25")), 50)
    start = int(base64.urlsafe_b64decode(after)) if after else 0
    numbers = posts_of(tag, per_combination)
    answer: dict[str, Any] = {
        "data": [record(number, tag) for number in numbers[start : start + limit]]
    }
    if start + limit < len(numbers):
        cursor = base64.urlsafe_b64encode(str(start + limit).encode()).decode()
        token = parameters["access_token"]  # as Meta does: the next address has the token in it
        answer["paging"] = {
            "cursors": {"after": cursor},
            "next": f"https://{GRAPH}{request.path}?access_token={token}&after={cursor}",
        }
    return answer


def _number_of_tag(tag: str) -> str:
    return "1784" + str(int.from_bytes(tag.encode(), "big"))


def _tag_of_number(number: str) -> str:
    value = int(number[4:]) if number[4:].isdigit() else 0
    return value.to_bytes((value.bit_length() + 7) // 8, "big").decode(errors="replace")


def _graph_json(answer: Mapping[str, Any], status: int = 200) -> web.Response:
    used = {"call_count": 28, "total_time": 25, "total_cputime": 25}
    headers = {"X-App-Usage": json.dumps(used)}
    return web.json_response(answer, status=status, headers=headers)


def _graph_error(status: int, code: int, message: str) -> web.Response:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbC"}
    return _graph_json({"error": error}, status)
