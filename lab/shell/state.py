"""A shell's memory: variables, functions, directory, who it runs as."""

from dataclasses import dataclass, field, replace

from lab.shell.syntax import Command

__all__ = ["State"]

PATH = "/product/bin:/apex/com.android.runtime/bin:/system/bin:/system/xbin:/vendor/bin"


@dataclass(slots=True, kw_only=True)
class State:
    """Copied for every subshell."""

    uid: int
    pid: int
    directory: str = "/"
    status: int = 0
    last_background: int = 0
    positional: list[str] = field(default_factory=list)
    functions: dict[str, Command] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    fail_fast: bool = False
    """set -e"""

    def get(self, name: str) -> str | None:
        """A parameter's value; None when unset."""
        if name == "?":
            return str(self.status)
        if name == "$":
            return str(self.pid)
        if name == "!":
            return str(self.last_background) if self.last_background else ""
        if name == "0":
            return self.variables.get("0", "sh")
        if name == "PWD":
            return self.directory
        return self.variables.get(name)

    def set(self, name: str, value: str) -> None:
        """Assign a variable."""
        self.variables[name] = value

    def copy(self) -> "State":
        """What a subshell starts with."""
        return replace(
            self,
            positional=list(self.positional),
            functions=dict(self.functions),
            variables=dict(self.variables),
            exported=set(self.exported),
        )

    def environment(self) -> dict[str, str]:
        """What commands inherit."""
        return {name: self.variables[name] for name in self.exported if name in self.variables}


def fresh_state(*, uid: int, pid: int) -> State:
    """The state of a new adb shell."""
    user = "root" if uid == 0 else "shell"
    variables = {
        "ANDROID_DATA": "/data",
        "ANDROID_ROOT": "/system",
        "EXTERNAL_STORAGE": "/sdcard",
        "HOME": "/",
        "HOSTNAME": "lt13",
        "LOGNAME": user,
        "PATH": PATH,
        "SHELL": "/bin/sh",
        "TMPDIR": "/data/local/tmp",
        "USER": user,
    }
    return State(uid=uid, pid=pid, variables=variables, exported=set(variables))
