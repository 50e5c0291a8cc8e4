"""Images built by the real BuildKit from small exported folders."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from blocks.docker.builder import ImageBuilder
from blocks.docker.host import DockerHost
from blocks.docker.images import ImageStore
from tests.images import BASE
from tests.in_container import printed_in
from tests.integration.building import build, builder, inputs_of, recipe, version
from tidegate.errors import ConfigError, ImageError, RegistryError

DOCKERFILE = (
    f"FROM {BASE}\nARG GREETING=none\nCOPY app.txt /app.txt\nRUN echo $GREETING > /greeting.txt\n"
)
HOST = DockerHost()


@pytest.fixture(scope="module")
def made() -> ImageBuilder:
    return builder(HOST)


@pytest.fixture
def stack() -> Iterator[str]:
    name = f"tg-test-{uuid4().hex[:8]}"
    yield name
    for image in HOST.client.images.list(filters={"label": f"tidegate.stack={name}"}):
        HOST.client.images.remove(str(image.id), force=True)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    return write(tmp_path / "commit", DOCKERFILE)


def write(folder: Path, dockerfile: str) -> Path:
    """Nothing of an earlier test comes from the build cache."""
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    (folder / "app.txt").write_text(uuid4().hex)
    return folder


def content(image: str, path: str) -> str:
    return printed_in(HOST, image, "cat", path)


def test_an_image_says_what_it_is(made: ImageBuilder, exported: Path, stack: str) -> None:
    built = build(made, exported, stack, version("a"))
    image = HOST.client.images.get(built)
    assert built.startswith("sha256:")
    assert image.tags == [f"{stack}:sha-aaaaaaa"]
    assert image.labels["org.opencontainers.image.revision"] == "a" * 40
    assert image.labels["org.opencontainers.image.version"] == "sha-aaaaaaa"
    assert image.labels["org.opencontainers.image.created"] == "2026-11-01T00:00:00+00:00"


def test_buildkit_says_which_base_images_it_used(
    made: ImageBuilder, exported: Path, stack: str, request: pytest.FixtureRequest
) -> None:
    """Of every stage, with nested arguments and names in another case: nobody else reads the
    Dockerfile."""
    extra = f"{stack}:extra"
    made.store.tag(BASE, extra)
    request.addfinalizer(lambda: HOST.client.images.remove(extra))
    name, _, tag = BASE.rpartition(":")
    (exported / "Dockerfile").write_text(
        f"ARG TAG={tag}\nARG START={name}:${{TAG}}\nFROM \\\n  ${{START}} AS Builder\n"
        "RUN --mount=type=cache,target=/c echo 1 > /one\n"
        f"FROM scratch AS none\nFROM {BASE}\nCOPY --from=builder /one /one\nCOPY --from={extra} /etc/hostname /two\n"
    )
    image = HOST.client.images.get(build(made, exported, stack, version("a")))
    known = HOST.client.images.get(BASE).id
    assert json.loads(image.labels["tidegate.bases"]) == {
        f"docker.io/{BASE}": known,
        f"docker.io/library/{extra}": known,
    }
    assert content(str(image.id), "/one") == "1\n"


def test_a_built_image_is_found_by_commit_and_inputs(
    made: ImageBuilder, exported: Path, stack: str
) -> None:
    find = made.store.find
    assert find(stack, "a" * 40, inputs_of(recipe())) is None
    built = build(made, exported, stack, version("a"))
    assert find(stack, "a" * 40, inputs_of(recipe())) == built
    assert find(stack, "b" * 40, inputs_of(recipe())) is None
    assert find("another-stack", "a" * 40, inputs_of(recipe())) is None
    assert find(stack, "a" * 40, inputs_of(recipe(args={"GREETING": "hello"}))) is None
    left = HOST.client.images.list(all=True, filters={"label": f"tidegate.stack={stack}"})
    assert [image.id for image in left] == [built]


def test_a_new_base_image_is_another_image(
    made: ImageBuilder, exported: Path, stack: str, tmp_path: Path
) -> None:
    base, find = f"{stack}:base", made.store.find
    (exported / "Dockerfile").write_text(f"FROM {base}\n")
    made.store.tag(build(made, write(tmp_path / "one", DOCKERFILE), stack, version("b")), base)
    built = build(made, exported, stack, version("a"))
    assert find(stack, "a" * 40, inputs_of(recipe())) == built
    made.store.tag(build(made, write(tmp_path / "two", DOCKERFILE), stack, version("c")), base)
    assert find(stack, "a" * 40, inputs_of(recipe())) is None
    HOST.client.images.remove(base)
    assert find(stack, "a" * 40, inputs_of(recipe())) == built  # nothing says that it has changed


def test_what_compose_says_is_what_is_built(made: ImageBuilder, exported: Path, stack: str) -> None:
    """The stage that is named, and not the last one; arguments, a secret that leaves no trace."""
    (exported / "Dockerfile").write_text(
        f"FROM {BASE} AS prod\nARG GREETING\n"
        "RUN --mount=type=secret,id=npm test $(cat /run/secrets/npm | wc -c) = 7 && echo $GREETING > /stage.txt\n"
        "FROM prod AS dev\nRUN echo dev > /stage.txt\n"
    )
    how = recipe(
        target="prod", args={"GREETING": "hello"}, secrets={"npm": {"environment": "NPM_TOKEN"}}
    )
    how.settings["secrets"] = [{"source": "npm"}]  # type: ignore[index]
    built = build(made, exported, stack, version("a"), how, secrets={"NPM_TOKEN": "hunter2"})
    assert content(built, "/stage.txt") == "hello\n"
    image = HOST.client.images.get(built)
    assert "hunter2" not in json.dumps([image.attrs, image.history()], default=str)


def test_the_text_of_a_dockerfile_may_stand_in_the_compose_file(
    made: ImageBuilder, exported: Path, stack: str
) -> None:
    how = recipe(dockerfile="", dockerfile_inline=f"FROM {BASE}\nRUN echo '$1 of '$HOME > /text\n")
    assert content(build(made, exported, stack, version("a"), how), "/text") == "$1 of /root\n"


def test_the_steps_are_told_and_not_what_they_print(
    made: ImageBuilder, exported: Path, stack: str
) -> None:
    told: list[str] = []
    (exported / "Dockerfile").write_text(f"{DOCKERFILE}RUN echo chatter && sleep 1.1\n")
    build(made, exported, stack, version("a"), tell=told.append)
    assert [line for line in told if "RUN echo none" in line]
    assert [line for line in told if re.search(r"DONE [1-9]\d*\.", line)]  # longer where it is busy
    assert not [line for line in told if "load metadata" in line or line.endswith("chatter")]


def test_a_failed_build_shows_its_last_lines_and_leaves_no_image(
    exported: Path, stack: str
) -> None:
    (exported / "Dockerfile").write_text(
        f"{DOCKERFILE}RUN seq 100 && echo the reason is hunter2 && exit 7\n"
    )
    redacting = builder(HOST, redact=lambda text: text.replace("hunter2", "***"))
    with pytest.raises(ImageError, match=r"the reason is \*\*\*") as caught:
        build(redacting, exported, stack, version("a"))
    assert "exit code: 7" in caught.value.came_back
    assert " 90\n" in caught.value.came_back
    assert " 40\n" not in caught.value.came_back
    assert HOST.client.images.list(filters={"label": f"tidegate.stack={stack}"}) == []
    assert HOST.client.images.get(BASE)


def test_a_build_that_does_not_end_is_given_up(exported: Path, stack: str) -> None:
    (exported / "Dockerfile").write_text(
        f"{DOCKERFILE}RUN while sleep 0.2; do echo waiting-{stack}; done\n"
    )
    with pytest.raises(ImageError, match="no end after 3 s"):
        build(builder(HOST, seconds=3), exported, stack, version("a"))
    assert processes_naming(f"waiting-{stack}") == []


def processes_naming(word: str) -> list[str]:
    """Of this machine, the engine's included; a process that is about to go has a moment."""
    for _ in range(50):
        listed = subprocess.run(
            ["ps", "-eo", "args"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        if not (found := [line for line in listed if word in line]):
            return []
    return found


def test_a_heredoc_that_the_engine_does_not_know_is_told_from_a_slip(
    made: ImageBuilder, exported: Path, stack: str
) -> None:
    """Whichever it is, it is built or explained."""
    (exported / "Dockerfile").write_text(f"FROM {BASE}\nRUN <<EOF\necho heredoc > /said\nEOF\n")
    if int(HOST.client.version()["Version"].partition(".")[0]) >= 23:
        assert content(build(made, exported, stack, version("a")), "/said") == "heredoc\n"
        return
    with pytest.raises(ImageError) as caught:
        build(made, exported, stack, version("a"))
    assert "knows no heredocs (`RUN <<EOF`): they need 23 or newer" in caught.value.to_do


def test_an_additional_context_is_given_or_explained(
    made: ImageBuilder, exported: Path, stack: str
) -> None:
    (exported / "Dockerfile").write_text(f"FROM {BASE}\nCOPY --from=lib words.txt /words.txt\n")
    (exported / "lib").mkdir()
    (exported / "lib" / "words.txt").write_text("from the library")
    how = recipe(additional_contexts={"lib": "lib"})
    if int(HOST.client.version()["Version"].partition(".")[0]) >= 23:
        assert (
            content(build(made, exported, stack, version("a"), how), "/words.txt")
            == "from the library"
        )
        return
    with pytest.raises(ImageError) as caught:
        build(made, exported, stack, version("a"), how)
    assert "knows no `additional_contexts`: they need 23 or newer" in caught.value.to_do


def test_a_label_cannot_be_taken_over_by_the_dockerfile(
    made: ImageBuilder, exported: Path, stack: str
) -> None:
    (exported / "Dockerfile").write_text(
        DOCKERFILE + f"LABEL org.opencontainers.image.revision={'f' * 40}\n"
    )
    built = build(made, exported, stack, version("a"))
    assert HOST.client.images.get(built).labels["org.opencontainers.image.revision"] == "a" * 40


def test_what_the_commit_does_not_have_is_named(
    made: ImageBuilder, exported: Path, stack: str
) -> None:
    for how, name in (
        (recipe(dockerfile="docker/Dockerfile"), "docker/Dockerfile"),
        (recipe(context="web"), "folder web"),
    ):
        with pytest.raises(ImageError, match=name):
            build(made, exported, stack, version("a"), how)


def test_a_link_out_of_the_commit_is_not_followed(
    made: ImageBuilder, exported: Path, stack: str, tmp_path: Path
) -> None:
    (tmp_path / "worker").mkdir()
    (exported / "web").symlink_to(tmp_path / "worker")
    with pytest.raises(ConfigError, match="leads out"):
        build(made, exported, stack, version("a"), recipe(context="web"))


def test_a_base_image_that_nobody_has_is_one_clear_error(
    made: ImageBuilder, exported: Path, stack: str
) -> None:
    """It was asked for where it belongs, with the account of the registry: here that is a port
    where nobody listens."""
    (exported / "Dockerfile").write_text("FROM 127.0.0.1:9/nobody/has-it:1\n")
    with pytest.raises(RegistryError, match=re.escape("pulling 127.0.0.1:9/nobody/has-it:1")):
        build(made, exported, stack, version("a"))


@pytest.mark.filterwarnings("ignore:docker-credential-not-here not installed")
def test_a_credential_helper_that_is_not_there_is_one_clear_error(
    exported: Path, stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.json").write_text('{"credsStore": "not-here"}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    (exported / "Dockerfile").write_text("FROM 127.0.0.1:9/nobody/has-it:1\n")
    with pytest.raises(
        ConfigError, match="names the credential helper docker-credential-not-here"
    ) as caught:
        build(builder(DockerHost(silence_seconds=299)), exported, stack, version("a"))
    assert not caught.value.retryable
    (exported / "Dockerfile").write_text(f"FROM {BASE}\n")
    build(
        builder(DockerHost(silence_seconds=299)), exported, stack, version("a")
    )  # who needs no account needs no helper


def test_images_of_one_stack_are_not_those_of_another(
    made: ImageBuilder, exported: Path, stack: str
) -> None:
    built = build(made, exported, stack, version("a"))
    assert ImageStore(HOST).find(f"{stack}-2", "a" * 40, inputs_of(recipe())) is None
    assert ImageStore(HOST).find(stack, "a" * 40, inputs_of(recipe())) == built
