"""The live page's server: nothing that a request could break."""

import asyncio
import json
import time

import pytest
from starlette.testclient import TestClient

import pffspike
from commands import call, refused
from live_cases import asked
from pffspike import LiveNetwork
from pffspike.live.application import MOST_BYTES, application
from pffspike.live.server import check_host
from pffspike.live.worker import BusyError, Worker


def test_every_response_forbids_what_the_page_does_not_need(client):
    for path in ("/", "/page/style.css", "/page/page.js", "/api/network", "/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_the_page_needs_nothing_from_elsewhere(client):
    page = client.get("/").text
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick" not in page
    assert 'src="http' not in page
    for name in ("page.js", "charts.js", "drawing.js", "server.js", "style.css", "icon.svg"):
        text = client.get(f"/page/{name}").text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text
        assert "https://" not in text
    assert client.get("/page/__init__.py").status_code == 404
    assert client.get("/page/..%2fserver.py").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "0.0.0.0", ""])
def test_other_names_of_the_host_are_refused(client, host):
    assert client.get("/api/network", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost:8250", "127.0.0.1"])
def test_names_of_this_machine_are_taken(client, host):
    assert client.get("/api/network", headers={"host": host}).status_code == 200


def test_other_pages_may_not_ask(client):
    given = {"headers": {"origin": "http://evil.example"}, "json": {"sample": 0}}
    assert client.post("/api/answer", **given).status_code == 403
    own = {"headers": {"origin": "http://127.0.0.1:8250"}, "json": {"sample": 0}}
    assert client.post("/api/answer", **own).status_code == 200
    form = {"data": {"sample": "0"}}  # what a form of another page could send
    assert client.post("/api/answer", **form).status_code == 415


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"[" * 100_000, 400, "not JSON"),
        (b"[1]", 422, "the question"),
        (b"{}", 422, "a question holds no image"),
        (b'{"sample": 0, "pixels": [1]}', 422, "sample and pixels"),
        (b'{"sample": -1}', 422, "sample = -1"),
        (b'{"sample": 40}', 422, "test samples are 0 to 39"),
        (b'{"sample": 1.5}', 422, "sample = 1.5"),
        (b'{"sample": "0"}', 422, "sample = '0'"),
        (b'{"sample": 0, "window": 3}', 422, "window = 3"),
        (b'{"sample": 0, "window": 4096}', 422, "window = 4096"),
        (b'{"sample": 0, "window": 100000000000}', 422, "window = 100000000000"),
        (b'{"sample": 0, "noise": -1}', 422, "noise = -1"),
        (b'{"sample": 0, "mode": "magic"}', 422, "mode = 'magic'"),
        (b'{"sample": 0, "more": 1}', 422, "no field 'more'"),
        (b'{"pixels": [0, 1]}', 422, "2 pixels"),
        (b'{"pixels": []}', 422, "pixels"),
        (json.dumps({"pixels": [17] * 64}).encode(), 422, "grey values from 0 to 16"),
        (b'{"values": [NaN]}', 422, "values"),
        (b'{"values": [1.0]}', 422, "give pixels"),
        (b'{"sample": 0, "device": "../../etc/passwd"}', 422, "device"),
    ],
)
def test_what_can_not_be_answered_is_one_sentence(client, body, status, said):
    response = client.post(
        "/api/answer", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == status, response.text
    text = response.json()["error"]
    assert said in text
    assert "\n" not in text
    assert len(text) < 300
    assert asked(client, sample=0)["predicted"] in range(10)  # and it goes on


def test_a_body_that_is_too_long_is_not_read(client):
    json_type = {"content-type": "application/json"}
    long = b" " * (MOST_BYTES + 1)
    assert client.post("/api/answer", content=long, headers=json_type).status_code == 413
    parts = (b" " * 2**16 for _ in range(100))  # without a length
    assert client.post("/api/answer", content=parts, headers=json_type).status_code == 413


def test_a_fault_of_the_server_is_one_sentence(live, monkeypatch, capfd):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(LiveNetwork, "answer", broken)
    client = TestClient(
        application(live, Worker()), base_url="http://127.0.0.1", raise_server_exceptions=False
    )
    with client:
        response = client.post("/api/answer", json={"sample": 0})
        assert response.status_code == 500
        assert "goes on" in response.json()["error"]
        assert client.get("/api/network").status_code == 200
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_only_so_many_wait_and_only_so_long():
    async def scenario():
        worker = Worker(waiting=1, seconds=0.5)

        def short(_):
            time.sleep(0.2)
            return 1

        def endless(tell):
            while True:
                time.sleep(0.01)
                tell("work", 1, 2)

        inside = [asyncio.create_task(worker.run(short)) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError, match="ask again"):
            await worker.run(short)
        assert await asyncio.gather(*inside) == [1, 1]
        with pytest.raises(BusyError, match=r"longer than 0\.5 s"):
            await worker.run(endless)
        assert await worker.run(short) == 1
        worker.end()

    asyncio.run(scenario())


def test_addresses_that_let_others_in_are_refused():
    for host in ("0.0.0.0", "::", "192.168.1.2", "example.org"):
        with pytest.raises(pffspike.ValidationError, match="lets other machines in"):
            check_host(host, False)
        check_host(host, True)
    for host in ("127.0.0.1", "localhost", "::1", "127.1.2.3"):
        check_host(host, False)


def test_the_command_refuses_such_an_address(trained, tmp_path):
    pffspike.save(tmp_path / "net.h5", trained)
    told = call("live", "net.h5", "--host", "0.0.0.0", "--no-open", cwd=tmp_path)
    refused(told, "host '0.0.0.0' lets other machines in")
    refused(call("live", "absent.h5", cwd=tmp_path), "absent.h5")
    refused(call("live", "net.h5", "--device", "nothing", cwd=tmp_path), "'nothing'")
