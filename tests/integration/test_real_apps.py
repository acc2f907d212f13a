"""Applications that nobody here wrote, in an environment of their own that has nothing of Gatescope in it.

Each is run by Gatescope, and one of them by its own command too: same answers, and complete exchanges in the trace.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.program import GatescopeRun, running, trace_lines

PACKAGES = ["httpbin", "datasette", "django>=5.2,<6", "gunicorn>=23", "uvicorn>=0.32", "waitress>=3"]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the applications and their servers."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    subprocess.run(install, check=True, timeout=300)
    listed = subprocess.run([python, "-m", "pip", "list"], check=True, capture_output=True, text=True).stdout
    assert "gatescope" not in listed.lower()
    return python


def complete(lines: list[dict[str, object]]) -> None:
    """Every exchange has its worker, its interface's context, and its messages in order on both sides."""
    for line in lines:
        assert line["pid"], line
        assert line["slot"], line
        assert line.get("environ") or line.get("scope"), line
        messages = line["messages"]
        assert isinstance(messages, list)
        times = [message["at"] for message in messages]
        assert times == sorted(times)
        types = [message["type"] for message in messages if message["side"] == "app"]
        assert types[0] == "call"
        assert types[-1] in {"return", "raise", "close", "iterate"}, types


def finished_http(run: GatescopeRun) -> list[dict[str, object]]:
    return [line for line in trace_lines(run.trace) if line["kind"] != "lifespan"]


def test_httpbin_under_gunicorn(environment: Path, tmp_path: Path) -> None:
    with running(
        "httpbin:app", "--mode", "gunicorn-sync", "--workers", "2", "--python", environment, cwd=tmp_path
    ) as run:
        with httpx.Client(base_url=run.url, timeout=30) as client:
            sent = {"name": "värde", "n": [1, 2, 3]}
            answer = client.post("/anything?a=1&b=2", json=sent, headers={"X-Mixed-Case": "Kept"})
            assert answer.status_code == 200
            seen = answer.json()
            assert seen["json"] == sent
            assert seen["args"] == {"a": "1", "b": "2"}
            assert seen["headers"]["Host"] == urlsplit(run.url).netloc
            assert not [name for name in seen["headers"] if "gatescope" in name.lower()]
            assert client.get("/status/418").status_code == 418
            assert len(client.get("/bytes/100000").content) == 100_000
            assert len(client.get("/stream/20").text.splitlines()) == 20
            assert client.get("/gzip").json()["gzipped"] is True
            assert client.get("/redirect/2", follow_redirects=True).status_code == 200
            assert client.get("/cookies/set?k=v", follow_redirects=True).json() == {"cookies": {"k": "v"}}
        run.finished(10)
    lines = finished_http(run)
    complete(lines)
    assert {line["interface"] for line in lines} == {"WSGI"}
    posted = next(line for line in lines if line["method"] == "POST")
    assert posted["environ"]["CONTENT_TYPE"] == "application/json"
    assert "HTTP_GATESCOPE_EXCHANGE" not in posted["environ"]


def test_datasette_from_a_factory_under_uvicorn(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "site_app.py").write_text(
        textwrap.dedent("""
            from datasette.app import Datasette

            def create_app():
                return Datasette(memory=True).app()
        """)
    )
    with running("site_app:create_app", "--factory", "--mode", "uvicorn", "--python", environment, cwd=tmp_path) as run:
        with httpx.Client(base_url=run.url, timeout=30) as client:
            assert client.get("/-/versions.json").json()["asgi"] == "3.0"
            rows = client.get("/_memory.json", params={"sql": "select 6 * 7 as answer", "_shape": "array"}).json()
            assert rows == [{"answer": 42}]
            assert "<html" in client.get("/").text
        run.finished(3)
    lines = finished_http(run)
    complete(lines)
    assert {line["interface"] for line in lines} == {"ASGI3"}
    assert [line for line in trace_lines(run.trace) if line["kind"] == "lifespan"]


DJANGO_SITE = """
import django
from django.conf import settings
from django.contrib import admin
from django.core.wsgi import get_wsgi_application
from django.urls import path

settings.configure(
    SECRET_KEY="for a test", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, STATIC_URL="static/", USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3"}},
    INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
                    "django.contrib.sessions", "django.contrib.messages"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
        "context_processors": ["django.template.context_processors.request",
                               "django.contrib.auth.context_processors.auth",
                               "django.contrib.messages.context_processors.messages"]}}],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
application = get_wsgi_application()
urlpatterns = [path("admin/", admin.site.urls)]
"""

DJANGO_PREPARE = """
import djsite
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
User.objects.create_superuser("root", "root@example.test", "secret")
"""


def test_djangos_admin_under_waitress(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "djsite.py").write_text(DJANGO_SITE)
    subprocess.run([environment, "-c", DJANGO_PREPARE], cwd=tmp_path, check=True, timeout=120)
    with running(
        "djsite:application", "--mode", "waitress", "--threads", "4", "--python", environment, cwd=tmp_path
    ) as run:
        with httpx.Client(base_url=run.url, timeout=30, follow_redirects=True) as client:
            page = client.get("/admin/")
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
            assert token
            form = {"username": "root", "password": "secret", "csrfmiddlewaretoken": token[1], "next": "/admin/"}
            page = client.post("/admin/login/", data=form, headers={"Referer": f"{run.url}/admin/login/"})
            assert page.status_code == 200
            assert "Site administration" in page.text
            assert client.get("/admin/auth/user/").status_code == 200
        run.finished(5)
    complete(finished_http(run))


def test_answers_are_those_of_the_bare_server(environment: Path, tmp_path: Path) -> None:
    """The head and body of an answer through Gatescope are the bytes that gunicorn gives without it."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        descriptor = listener.fileno()
        bare_port = listener.getsockname()[1]
        command = [environment, "-m", "gunicorn", "-b", f"fd://{descriptor}", "--no-control-socket", "httpbin:app"]
        bare = subprocess.Popen(command, pass_fds=[descriptor], cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        with running("httpbin:app", "--mode", "gunicorn-sync", "--python", environment, cwd=tmp_path) as run:
            ours = raw_answer(urlsplit(run.url).port or 0)
            theirs = raw_answer(bare_port)
    finally:
        bare.terminate()
        bare.wait(30)
    assert ours == theirs


def raw_answer(port: int) -> tuple[int, str, list[tuple[str, str]], object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/headers", headers={"Host": "example.test", "X-Same": "1"})
    response = connection.getresponse()
    headers = [(name, value) for name, value in response.getheaders() if name.lower() != "date"]
    answer = (response.status, response.reason, headers, json.loads(response.read()))
    connection.close()
    return answer
