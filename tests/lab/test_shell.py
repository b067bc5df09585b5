"""The device's shell language and its programs, without adb."""

import asyncio
from collections.abc import Callable

import pytest

from lab.profile import load_profile
from lab.shell.lexer import tokenize
from lab.shell.parser import parse
from lab.shell.programs import Programs
from lab.shell.syntax import ShellSyntaxError
from lab.system import System

Run = Callable[[str], tuple[str, int]]


class Machine:
    """A system and its shell; `run` gives output (errors included) and exit code."""

    def __init__(self, profile: str = "aosp13") -> None:
        self.system = System(load_profile(profile), seed=3)
        self.programs = Programs(self.system, uid=0 if profile == "aosp13" else 2000, extra={})

    def run(self, command: str, seconds: float = 10) -> tuple[str, int]:
        async def work() -> tuple[bytes, int]:
            return await asyncio.wait_for(self.programs.run(command), seconds)

        output, code = asyncio.run(work())
        return output.decode(), code


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine()


LANGUAGE = [
    ("echo a; echo b", "a\nb\n"),
    ("true && echo yes || echo no", "yes\n"),
    ("false && echo yes || echo no", "no\n"),
    ("false; echo $?", "1\n"),
    ("! false; echo $?", "0\n"),
    ("echo 'a  b' \"c  d\" e\\ f", "a  b c  d e f\n"),
    ("X=1; Y='two words'; echo $X ${Y} \"${Y}\"", "1 two words two words\n"),
    ("X=5 sh -c 'echo $X'; echo [$X]", "5\n[]\n"),
    ("export Z=9; sh -c 'echo $Z'", "9\n"),
    ("echo $(echo inner; echo more)", "inner more\n"),
    ("echo \"$(printf 'a\\nb')\"", "a\nb\n"),
    ("echo `echo old`", "old\n"),
    ("echo $((2 + 3 * 4)) $(( (2 + 3) * 4 )) $((7 / 2)) $((-7 % 3)) $((1 << 4))", "14 20 3 -1 16\n"),
    ("i=0; while [ $i -lt 3 ]; do echo n$i; i=$((i+1)); done", "n0\nn1\nn2\n"),
    ("until false; do break; done; echo out", "out\n"),
    ("for x in a b 'c d'; do echo \"<$x>\"; done", "<a>\n<b>\n<c d>\n"),
    ("for x in 1 2 3 4; do [ $x = 2 ] && continue; [ $x = 4 ] && break; echo $x; done", "1\n3\n"),
    ("if [ -d /data ]; then echo dir; elif true; then echo no; else echo never; fi", "dir\n"),
    ("case abc in x) echo 1;; a*|b*) echo 2;; *) echo 3;; esac", "2\n"),
    ('f() { echo "f:$1:$#"; return 4; }; f q r; echo $?', "f:q:2\n4\n"),
    ("(cd /data; pwd); pwd", "/data\n/\n"),
    ("{ echo a; echo b; } | wc -l", "2\n"),
    ("echo one | cat - | sed 's/o/0/g' | tr n N", "0Ne\n"),
    ('set -- a \'b c\'; echo $# "$2"; shift; echo "$1"', "2 b c\nb c\n"),
    ('set -- a \'b c\'; for x in "$@"; do echo "<$x>"; done', "<a>\n<b c>\n"),
    (
        "V=path/to/file.tar.gz; echo ${V##*/} ${V%%.*} ${V%.*} ${#V} ${V:-x} ${W:-x} ${W:+y}",
        "file.tar.gz path/to/file path/to/file.tar 19 path/to/file.tar.gz x\n",
    ),
    ("V=hello; echo ${V/l/L} ${V//l/L} ${V:1:3}", "heLlo heLLo ell\n"),
    ('cat <<EOF\nvalue $((1+1)) "quoted"\nEOF', 'value 2 "quoted"\n'),
    ("cat <<'EOF'\n$not \\expanded\nEOF", "$not \\expanded\n"),
    ("cat <<< word", "word\n"),
    ("echo a | while read x; do echo got $x; done", "got a\n"),
    ("printf '1 2\\n3 4\\n' | while read a b; do echo $b; done", "2\n4\n"),
    ("echo \\$HOME '$HOME' \"\\$HOME\"", "$HOME $HOME $HOME\n"),
    ("echo a#b # comment", "a#b\n"),
    ("eval 'echo evaluated'", "evaluated\n"),
    ("test 3 -gt 2 -a x = x && echo both", "both\n"),
    ("sleep 0.1 & echo first; wait; echo last", "first\nlast\n"),
    ("echo -n no; echo; echo -e 'a\\tb'", "no\na\tb\n"),
    ("command -v ls", "/system/bin/ls\n"),
    ("exec echo replaced; echo never", "replaced\n"),
    ("trap 'echo x' EXIT; echo done", "done\n"),
    ("printf '?\\n?\\n' | while read -r question; do echo \"$(echo $question)\\n=.=\"; done", "?\n=.=\n?\n=.=\n"),
    ("f() { f; }; f; echo never", "/system/bin/sh: stack overflow\n"),
]


@pytest.mark.parametrize(("command", "output"), LANGUAGE, ids=range(len(LANGUAGE)))
def test_the_language(machine: Machine, command: str, output: str) -> None:
    assert machine.run(command)[0] == output


REDIRECTIONS = [
    ("echo a > /data/local/tmp/f; echo b >> /data/local/tmp/f; cat < /data/local/tmp/f", "a\nb\n"),
    ("ls /nope 2>/dev/null; echo $?", "1\n"),
    ("ls /nope > /data/local/tmp/e 2>&1; cat /data/local/tmp/e", "ls: /nope: No such file or directory\n"),
    ("{ echo out; echo err >&2; } > /data/local/tmp/g 2>&1; cat /data/local/tmp/g", "out\nerr\n"),
    ("echo lost > /dev/null; echo kept", "kept\n"),
    ("for i in 1 2; do echo $i; done > /data/local/tmp/h; cat /data/local/tmp/h", "1\n2\n"),
    ("echo x > /system/x; echo $?", "/system/bin/sh: can't create /system/x: Read-only file system\n1\n"),
]


@pytest.mark.parametrize(("command", "output"), REDIRECTIONS, ids=range(len(REDIRECTIONS)))
def test_redirections(machine: Machine, command: str, output: str) -> None:
    assert machine.run(command)[0] == output


PROGRAMS = [
    ("printf 'b\\na\\nb\\n' | sort | uniq -c | sort -rn | head -1", "      2 b\n"),
    ("printf 'x:1\\ny:2\\n' | cut -d: -f2", "1\n2\n"),
    ("printf 'k v w\\n' | awk '{print $2, $3}'", "v w\n"),
    ("printf 'a\\nb\\nc\\n' | grep -n -v b", "1:a\n3:c\n"),
    ("printf 'a1\\nb2\\n' | grep -oE '[0-9]+'", "1\n2\n"),
    ("printf 'a\\nb\\n' | grep -c .", "2\n"),
    ("seq 5 | tail -2", "4\n5\n"),
    ("seq 5 | sed -n 2p; seq 5 | sed '3d' | wc -l", "2\n4\n"),
    ("seq 3 | xargs echo", "1 2 3\n"),
    ("echo aGk= | base64 -d", "hi"),
    ("echo -n hi | md5sum", "49f68a5c8493ec2c0bf489821c21fc3b  -\n"),
    ("echo hi | wc -c", "3\n"),
    ("basename /a/b.txt .txt; dirname /a/b.txt", "b\n/a\n"),
    ("printf '%05d|%s|%x\\n' 42 word 255", "00042|word|ff\n"),
    ("date -d @0 -u '+%Y-%m-%d %H:%M:%S'", "1970-01-01 00:00:00\n"),
    ("which ls; which nothing; echo $?", "/system/bin/ls\n1\n"),
    ("timeout 0.1 sleep 5; echo $?", "124\n"),
    ("toybox echo box", "box\n"),
    ("sleep 9 & kill $!; wait $!; echo $?", "143\n"),
    ("env -i A=1 printenv 2>&1 | grep -c A=1", "1\n"),
    ("uname -m; id -u; whoami; getenforce", "aarch64\n0\nroot\nEnforcing\n"),
]


@pytest.mark.parametrize(("command", "output"), PROGRAMS, ids=range(len(PROGRAMS)))
def test_programs(machine: Machine, command: str, output: str) -> None:
    assert machine.run(command)[0] == output


def test_files_are_made_moved_and_removed(machine: Machine) -> None:
    script = """
    cd /data/local/tmp; mkdir -p box/in; echo text > box/in/a; cp -r box copy; mv copy/in/a copy/b
    ln -s b copy/link; cat copy/link; chmod 600 copy/b; stat -c '%a %s' copy/b; ls copy; find box -type f
    rm -r box copy; ls box
    """
    output, code = machine.run(script)
    assert output == "text\n600 5\nb\nin\nlink\nbox/in/a\nls: box: No such file or directory\n"
    assert code == 1


def test_globs_match_names_and_stay_as_written_when_nothing_does(machine: Machine) -> None:
    machine.run("mkdir -p /data/local/tmp/glob; cd /data/local/tmp/glob; touch a.txt b.txt .hidden c.log")
    output, _ = machine.run("cd /data/local/tmp/glob; echo *.txt; echo '*.txt' \"*.log\"; echo *.none; echo [ab].t?t")
    assert output == "a.txt b.txt\n*.txt *.log\n*.none\na.txt b.txt\n"


def test_a_store_is_covered_by_a_tmpfs_and_uncovered_again(machine: Machine) -> None:
    store = "/system/etc/security/cacerts"
    script = f"""
    mount -t tmpfs tmpfs {store} && echo new > {store}/1.0 && chown root:root {store}/1.0 && chmod 644 {store}/1.0
    chcon u:object_r:system_file:s0 {store}/1.0; ls -Z {store}; grep -c " {store} tmpfs " /proc/mounts
    umount {store}; ls {store}; grep -c " {store} tmpfs " /proc/mounts
    """
    assert machine.run(script)[0] == "u:object_r:system_file:s0 1.0\n1\n0\n"


def test_a_script_on_the_device_runs_with_its_arguments(machine: Machine) -> None:
    machine.run("printf '#!/system/bin/sh\\necho \"$0 $1 $#\"\\nexit 6\\n' > /data/local/tmp/s.sh")
    assert machine.run("sh /data/local/tmp/s.sh one two") == ("/data/local/tmp/s.sh one 2\n", 6)
    output, code = machine.run("/data/local/tmp/s.sh x")
    assert "can't execute: Permission denied" in output
    assert code == 126
    assert machine.run("chmod +x /data/local/tmp/s.sh; /data/local/tmp/s.sh y") == ("/data/local/tmp/s.sh y 1\n", 6)


def test_a_pipe_whose_reader_has_enough_ends_the_writer(machine: Machine) -> None:
    assert machine.run("while :; do echo y; done | head -2", seconds=5)[0] == "y\ny\n"
    assert machine.run("logcat | head -0", seconds=5)[0] == ""


def test_a_loop_without_a_pause_lets_others_run(machine: Machine) -> None:
    async def work() -> int:
        spinning = asyncio.ensure_future(machine.programs.run("while :; do :; done"))
        turns = 0
        for _ in range(20):
            await asyncio.sleep(0.001)
            turns += 1
        spinning.cancel()
        await asyncio.gather(spinning, return_exceptions=True)
        return turns

    assert asyncio.run(asyncio.wait_for(work(), 5)) == 20


def test_jobs_end_with_their_shell_unless_told_to_stay(machine: Machine) -> None:
    async def work() -> tuple[str, str]:
        await machine.programs.run("sleep 30 & nohup sleep 31 > /data/local/tmp/nohup & :")
        listed, _ = await machine.programs.run("ps -A -o ARGS | grep '^sleep\\|^nohup'")
        await machine.programs.run("pkill -f 'sleep 31'")
        await asyncio.sleep(0.05)
        left, _ = await machine.programs.run("ps -A -o ARGS | grep -c '[s]leep 31'")
        return listed.decode(), left.decode()

    listed, left = asyncio.run(work())
    assert listed == "nohup sleep 31\n"
    assert left == "0\n"


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("echo 'open", "no closing quote"),
        ("if true; then echo x", "unexpected EOF"),
        ("echo )", "unexpected ')'"),
        ("| cat", "unexpected '|'"),
        ("for 1x in a; do :; done", "unexpected '1x'"),
        ("((" * 100, "unexpected"),
        ("$(" * 3000, "no closing"),
    ],
)
def test_what_is_no_program_is_refused_in_one_line(machine: Machine, command: str, complaint: str) -> None:
    output, code = machine.run(command)
    assert output.startswith("/system/bin/sh: syntax error: ")
    assert complaint in output or "nested too deeply" in output
    assert code == 1


@pytest.mark.parametrize("expression", ["1/0", "1 +", "(1", "a b", "1 ? 2", "9" * 3000])
def test_wrong_arithmetic_ends_the_shell_with_a_word(machine: Machine, expression: str) -> None:
    output, code = machine.run(f"echo $(({expression})); echo after")
    assert output.startswith("/system/bin/sh: ")
    assert "after" not in output
    assert code == 1


def test_retail_shell_may_not_do_what_root_may() -> None:
    retail = Machine("retail")
    assert retail.run("id -u")[0] == "2000\n"
    assert retail.run("su -c id")[1] == 127
    assert "Permission denied" in retail.run("ls /data/system")[0]
    assert "Operation not permitted" in retail.run("kill 1")[0]
    assert "Failed to set property" in retail.run("setprop persist.sys.x 1")[0]
    assert retail.run("echo x > /data/local/tmp/own; cat /data/local/tmp/own")[0] == "x\n"


def test_words_keep_their_quotes_until_they_are_expanded() -> None:
    assert [token.text for token in tokenize("a'b c'\"d e\" $(f g) ${h:-i j}>k")] == [
        "a'b c'\"d e\"",
        "$(f g)",
        "${h:-i j}",
        ">",
        "k",
    ]


def test_the_parser_remembers_what_it_has_parsed() -> None:
    assert parse("echo a; echo b") is parse("echo a; echo b")
    with pytest.raises(ShellSyntaxError):
        parse("fi")
