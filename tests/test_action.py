"""The action for pull requests: its scripts are run, with `pip`, `bench` and `gh` that stand in for those."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = [step for step in ACTION["runs"]["steps"] if "run" in step]
EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")
MARK = "<!-- alexnet-bench gate, gate, 0 -->"
TABLE = "### bench gate against abc: 1 pass\n\n| Variant |\n"
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")

# They write down what they were given. Of GitHub there are the comments of one pull request, in a file.
PROGRAMS = {
    "pip": """
import pathlib, sys
pathlib.Path("pip.txt").write_text("\\n".join(sys.argv[1:]))
""",
    "bench": """
import json, os, pathlib, sys
pathlib.Path("bench.json").write_text(json.dumps(sys.argv[1:]))
if os.environ["STAND_IN_TABLE"]:
    markdown = sys.argv[sys.argv.index("--markdown") + 1]
    pathlib.Path(markdown).write_text(os.environ["STAND_IN_TABLE"])
    with open(os.environ["GITHUB_OUTPUT"], "a") as output:
        output.write("decision=pass\\n")
sys.exit(int(os.environ["STAND_IN_EXIT"]))
""",
    "gh": """
import json, os, pathlib, sys
words, method = sys.argv[1:], "GET"
assert words.pop(0) == "api" and os.environ["GH_TOKEN"] == "the token"
if "-X" in words:
    method = words[words.index("-X") + 1]
if words[0] == "user":
    print(os.environ["STAND_IN_USER"] or '{"message": "Resource not accessible by integration"}')
    sys.exit(0 if os.environ["STAND_IN_USER"] else 1)
(path,) = (word for word in words if word.startswith("repos/"))
place = pathlib.Path("comments.json")
comments = json.loads(place.read_text())
if method == "GET":
    assert path == "repos/mine/suite/issues/7/comments"
    assert '(.user.type == "Bot" or .user.login == env.ME) and (.body | startswith(env.MARK))' in words[-1]
    mine = [item for item in comments if item["body"].startswith(os.environ["MARK"])]
    me = os.environ["ME"]
    mine = [item for item in mine if item["user"]["type"] == "Bot" or item["user"]["login"] == me]
    print("\\n".join(str(item["id"]) for item in mine))
    sys.exit()
if os.environ["STAND_IN_FORK"]:
    sys.exit("gh: Resource not accessible by integration (HTTP 403)")
body = words[words.index("-f") + 1].removeprefix("body=")
if method == "POST":
    assert path == "repos/mine/suite/issues/7/comments"
    login = os.environ["STAND_IN_USER"]
    own = {"login": login or "github-actions[bot]", "type": "User" if login else "Bot"}
    comments.append({"id": 100 + len(comments), "user": own, "body": body})
else:
    number = int(path.removeprefix("repos/mine/suite/issues/comments/"))
    (own,) = (item for item in comments if item["id"] == number)
    own["body"] = body
place.write_text(json.dumps(comments))
""",
}


class Job:
    """A job of GitHub's with one pull request; `run` runs the scripts of the action in it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "bin").mkdir()
        for name, text in PROGRAMS.items():
            program = folder / "bin" / name
            program.write_text(f"#!{sys.executable}\n{text}")
            program.chmod(0o755)
        self.comments = []

    @property
    def comments(self):
        return json.loads((self.folder / "comments.json").read_text())

    @comments.setter
    def comments(self, value):
        (self.folder / "comments.json").write_text(json.dumps(value))

    @property
    def typed(self):
        """What `bench` was given."""
        return json.loads((self.folder / "bench.json").read_text())[1:]

    def run(self, table=TABLE, exit_code=0, fork=False, base_ref="main", user="", index="0", **inputs):
        """The exit code of the job, its outputs, and what it printed."""
        given = {name: str(item.get("default", "")) for name, item in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        known = {f"inputs.{name}": value for name, value in given.items()}
        known |= {"github.action_path": "/the action", "runner.temp": str(self.folder), "github.job": "gate"}
        known |= {"github.event.pull_request.number": "7", "github.token": "the token"}
        known |= {"strategy.job-index": index}
        output = self.folder / "output.txt"
        output.write_text("")
        environment = {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "mine/suite",
            "GITHUB_BASE_REF": base_ref,
            "STAND_IN_TABLE": table,
            "STAND_IN_EXIT": str(exit_code),
            "STAND_IN_FORK": "yes" if fork else "",
            "STAND_IN_USER": user,
        }
        printed, code = "", 0
        for step in STEPS:
            if step["name"] == "Comment" and given["comment"] != "true":
                continue
            if code and "!cancelled()" not in str(step.get("if")):
                continue
            outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
            outputs = {f"steps.gate.outputs.{name}": value for name, value in outputs.items()}
            own = {name: _filled(value, known | outputs) for name, value in step.get("env", {}).items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                env=environment | own,
                cwd=self.folder,
                capture_output=True,
                text=True,
            )
            printed += done.stdout + done.stderr
            code = code or done.returncode
        return code, output.read_text(), printed


def _filled(value, known):
    """A value of the action with what its expressions stand for; that of the token's default has its own."""
    for _ in range(2):
        value = EXPRESSION.sub(lambda found: known[found[1]], value)
    return value


@pytest.fixture
def job(tmp_path):
    return Job(tmp_path)


# -- the file


@pytest.mark.parametrize(
    ("kind", "file"), [("github-actions", "action.yml"), ("github-workflows", ".github/workflows/gate.yml")]
)
def test_it_is_what_github_takes(kind, file):
    check = ["-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}", str(ROOT / file)]
    done = subprocess.run([sys.executable, *check], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_from_outside_becomes_a_part_of_a_script():
    assert [step["name"] for step in STEPS if "${{" in step["run"]] == []


def test_the_workflow_here_uses_it_with_inputs_that_it_has():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "gate.yml").read_text(encoding="utf-8"))
    (used,) = (step for step in workflow["jobs"]["gate"]["steps"] if step.get("uses") == "./")

    assert used["with"].keys() <= ACTION["inputs"].keys()
    assert workflow["permissions"]["pull-requests"] == "write"


# -- the gate


def test_it_installs_from_its_own_folder(job):
    job.run()

    assert (job.folder / "pip.txt").read_text().splitlines() == [
        "install",
        "-c",
        "/the action/constraints.txt",
        "-e",
        "/the action[history]",
    ]


def test_a_pull_request_is_held_against_its_branch_quickly(job):
    job.run()

    assert job.typed == ["--markdown", f"{job.folder}/gate-comment.md", "--base", "origin/main", "--quick"]


def test_elsewhere_the_gate_finds_its_base_itself(job):
    job.run(base_ref="")

    assert "--base" not in job.typed


def test_every_input_is_an_argument(job):
    job.run(
        base="HEAD~1",
        variants="alexnet,no-lrn",
        quick="false",
        budget="3m",
        history="rows of it.jsonl",
        arguments="--junit 'a file.xml'  --strict",
    )

    assert job.typed[2:] == [
        *("--base", "HEAD~1", "--variants", "alexnet,no-lrn", "--budget", "3m"),
        *("--history", "rows of it.jsonl", "--junit", "a file.xml", "--strict"),
    ]


@pytest.mark.parametrize("name", ["base", "variants", "budget", "history", "arguments", "base_ref"])
def test_an_input_is_never_executed(job, name):
    code, _, _ = job.run(**{name: "$(touch executed); `touch executed` && touch executed"})

    assert code == 0
    assert not (job.folder / "executed").exists()


@pytest.mark.parametrize("exit_code", [0, 1, 2, 3, 4])
def test_it_leaves_with_the_gates_exit_code_and_outputs(job, exit_code):
    code, outputs, _ = job.run(exit_code=exit_code)

    assert code == exit_code
    assert outputs == f"decision=pass\nexit-code={exit_code}\n"
    assert len(job.comments) == 1


# -- the comment


def test_one_comment_is_made_and_then_kept_up_to_date(job):
    others = [
        {"id": 1, "user": {"login": "somebody", "type": "User"}, "body": f"{MARK} of a person"},
        {"id": 2, "user": {"login": "a[bot]", "type": "Bot"}, "body": "of another bot"},
    ]
    job.comments = others
    code, _, _ = job.run(table="first `code` $HOME\n")

    assert code == 0
    assert job.comments[:2] == others
    (own,) = job.comments[2:]
    mark, empty, text = own["body"].split("\n")
    assert (mark, empty, text) == (MARK, "", "first `code` $HOME")

    job.run(table="second\n", exit_code=1)

    assert [item["id"] for item in job.comments] == [1, 2, own["id"]]
    assert job.comments[-1]["body"].endswith("\nsecond")


def test_a_token_of_a_fork_is_no_failure(job):
    code, _, printed = job.run(fork=True)

    assert (code, job.comments) == (0, [])
    assert "::notice::The gate's comment could not be written" in printed


def test_the_comment_of_a_persons_token_is_found_again(job):
    for table in ("first\n", "second\n"):
        job.run(table=table, user="somebody")

    assert [item["body"].splitlines()[-1] for item in job.comments] == ["second"]


def test_each_job_of_a_matrix_has_a_comment(job):
    for index in ("0", "1", "0"):
        job.run(index=index)

    assert len(job.comments) == 2


@pytest.mark.parametrize("given", [{"exit_code": 2}, {"arguments": "'never closed"}])
def test_of_a_push_that_could_not_be_gated_the_comment_says_so(job, given):
    job.run()

    code, _, _ = job.run(table="", **given)

    assert code != 0
    (own,) = job.comments
    assert own["body"].splitlines()[-3:] == [
        "### bench gate: could not be gated",
        "",
        "The job's log says why.",
    ]


def test_a_comment_is_made_only_where_one_is_wanted(job):
    assert job.run(comment="false")[0] == 0
    assert job.comments == []
