"""A worker's environment holds no secrets and no telemetry."""

from __future__ import annotations

from syrinx.engines.hosts.worker_environment import worker_environment


def test_secrets_of_the_server_are_not_passed_on():
    ambient = {
        "OPENROUTER_API_KEY": "k",
        "SYRINX_TOKEN": "t",
        "AWS_SECRET_ACCESS_KEY": "s",
        "HTTP_PROXY": "http://u:p@x",
    }
    assert set(ambient).isdisjoint(worker_environment(ambient))


def test_what_libraries_need_is_passed_on():
    ambient = {
        "PATH": "/bin",
        "HOME": "/home/pan",
        "LC_ALL": "C.UTF-8",
        "CUDA_VISIBLE_DEVICES": "1",
        "XDG_CACHE_HOME": "/c",
    }
    assert ambient.items() <= worker_environment(ambient).items()


def test_telemetry_is_off_whatever_the_server_was_told():
    made = worker_environment({"ORT_DISABLE_TELEMETRY": "0", "HF_HUB_DISABLE_TELEMETRY": "0"})
    assert made["ORT_DISABLE_TELEMETRY"] == made["HF_HUB_DISABLE_TELEMETRY"] == "1"
