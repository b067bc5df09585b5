"""`dumpsys activity`: tasks and activities as Android 13 prints them."""

from lab.system.activities import ActivityRecord, Task
from lab.system.core import System

__all__ = ["activities_dump", "processes_dump", "top_dump"]

INTENT = "act=android.intent.action.MAIN cat=[android.intent.category.LAUNCHER] flg=0x10200000"


def activities_dump(system: System) -> str:
    """`dumpsys activity activities`: from the front task to the back one."""
    top = system.activities.top
    front = system.activities.tasks[-1]
    lines = [
        "ACTIVITY MANAGER ACTIVITIES (dumpsys activity activities)",
        "Display #0 (activities from top to bottom):",
    ]
    for task in reversed(system.activities.tasks):
        lines += _task(system, task, front=task is front)
    resumed = f"ActivityRecord{str(top).removeprefix('ActivityRecord')}"
    lines += [
        "",
        "  Resumed activities in task display areas (from top to bottom):",
        f"    Resumed: {resumed}",
        "",
        f"  ResumedActivity: {resumed}",
        "",
        "ActivityTaskSupervisor state:",
        f"  topDisplayFocusedRootTask={_task_name(front)}",
        f"  displayId=0 rootTasks={len(system.activities.tasks)}",
        f"   mHomeTask={_task_name(system.activities.home_task)}",
        "  KeyguardController:",
        "    mKeyguardShowing=false",
        "    mAodShowing=false",
        "    mKeyguardGoingAway=false",
        "  LockTaskController:",
        "    mLockTaskModeState=NONE",
        "",
    ]
    return "\n".join(lines)


def top_dump(system: System) -> str:
    """`dumpsys activity top`: the top activity of every task, the front task last."""
    lines = []
    for task in system.activities.tasks:
        owner = "null" if task.kind == "home" else task.affinity
        record = task.top
        resumed = str(record is system.activities.top).lower()
        stopped = str(record is not system.activities.top).lower()
        lines += [
            f"TASK {owner} id={task.identifier} userId=0",
            f"  ACTIVITY {record.component} {record.number:x} pid={record.pid or '(not running)'}",
            f"    Local Activity {record.number ^ 0x5A5A5A:x} State:",
            f"      mResumed={resumed} mStopped={stopped} mFinished=false",
            "      mIsInMultiWindowMode=false mIsInPictureInPictureMode=false",
            "",
        ]
    return "\n".join(lines) + "\n"


def processes_dump(system: System) -> str:
    """`dumpsys activity processes`."""
    lines = ["ACTIVITY MANAGER RUNNING PROCESSES (dumpsys activity processes)", "  All known processes:"]
    for process in system.processes:
        if process.package:
            state = "top" if system.is_foreground(process.package) else "cch"
            lines += [
                (
                    f"  *APP* UID {process.uid} ProcessRecord{{{process.pid ^ 0x4F21:x} {process.pid}:{process.name}"
                    f"/{_app_user(process.uid)}}}"
                ),
                f"    user #0 uid={process.uid} gids={{3003}}",
                f"    packageList={{{process.package}}}",
                f"    curProcState={state}",
            ]
    return "\n".join(lines) + "\n"


def _task_name(task: Task) -> str:
    affinity = f" A={task.affinity}"
    return f"Task{{{task.identifier * 7919 + 0xA00000:x} #{task.identifier} type={task.kind}{affinity}}}"


def _task(system: System, task: Task, *, front: bool) -> list[str]:
    visible = str(front).lower()
    name = _task_name(task)[:-1] + (
        f" U=0 visible={visible} visibleRequested={visible} mode=fullscreen translucent={str(not front).lower()} "
        f"sz={len(task.records)}}}"
    )
    lines = [
        f"  * {name}",
        "    bounds=[0,0][0,0]",
        f"    userId=0 effectiveUid={_app_user(task.uid)} mCallingUid={_app_user(task.uid)} mUserSetupComplete=true",
        f"    affinity={task.affinity}",
        f"    mRootProcess={_process(system, task.records[0])}",
        "    isSleeping=false",
    ]
    if front:
        lines.append(f"    topResumedActivity={task.top}")
    for index in range(len(task.records) - 1, -1, -1):
        lines += _record(system, task.records[index], index, name)
    return [*lines, ""]


def _record(system: System, record: ActivityRecord, index: int, task_name: str) -> list[str]:
    grant = record.package == system.profile.permission_controller
    intent = "act=android.content.pm.action.REQUEST_PERMISSIONS pkg=" + record.package if grant else INTENT
    return [
        f"    * Hist  #{index}: {record}",
        f"      packageName={record.package} processName={record.package}",
        (
            f"      launchedFromUid={record.launched_from_uid} launchedFromPackage={record.launched_from or 'null'} "
            "launchedFromFeature=null userId=0"
        ),
        f"      app={_process(system, record)}",
        f"      Intent {{ {intent} cmp={record.component} }}",
        f"      rootOfTask={str(index == 0).lower()} task={task_name}",
        f"      taskAffinity={record.task.affinity}",
        f"      mActivityComponent={record.component}",
        f"      state={record.state} finishing=false",
        f"      visible={str(record.state == 'RESUMED').lower()} occludesParent=true",
    ]


def _process(system: System, record: ActivityRecord) -> str:
    if not record.pid:
        return "null"
    return f"ProcessRecord{{{record.pid ^ 0x4F21:x} {record.pid}:{record.package}/{_app_user(record.uid)}}}"


def _app_user(uid: int) -> str:
    return f"u0a{uid - 10000}" if uid >= 10000 else str(uid)
