"""`dumpsys package`: everything the package manager knows, in Android 13's words."""

from lab.definition import full_activity_name
from lab.system.core import System
from lab.system.packages import InstalledPackage

__all__ = ["package_dump"]

SENSITIVE = ("USER_SENSITIVE_WHEN_GRANTED", "USER_SENSITIVE_WHEN_DENIED")
FLAG_ORDER = ("USER_SET", "USER_FIXED", *SENSITIVE, "ONE_TIME")


def package_dump(system: System, package: str = "") -> str:
    """One package, or all of them."""
    if package:
        installed = system.packages.get(package)
        if installed is None:
            return f"Unable to find package: {package}\n"
        chosen = [installed]
    else:
        chosen = list(system.packages)
    resolvers = "".join(_resolver(each) for each in chosen if each.definition.activities)
    return (
        "Activity Resolver Table:\n  Non-Data Actions:\n      android.intent.action.MAIN:\n"
        f"{resolvers}\nKey Set Manager:\n"
        + "".join(f"  [{each.package}]\n      Signing KeySets: {each.uid % 97 + 1}\n" for each in chosen)
        + "\nPackages:\n"
        + "".join(_package(system, each) for each in chosen)
        + "\nQueries:\n  system apps queryable: false\n  queries via package name:\n\n"
        + "Package Changes:\n  Sequence number=14\n\n\nDexopt state:\n"
        + "".join(
            f"  [{each.package}]\n    path: {each.apk_path}\n      arm64: [status=verify] [reason=install]\n"
            for each in chosen
        )
        + "\n\nCompiler stats:\n"
        + "".join(f"  [{each.package}]\n    (No recorded stats)\n" for each in chosen)
    )


def _resolver(installed: InstalledPackage) -> str:
    activity = installed.definition.main_activity
    name = full_activity_name(installed.package, activity.name).removeprefix(installed.package)
    return (
        f"        {installed.identity_hash} {installed.package}/{name} filter {installed.identity_hash[::-1]}\n"
        '          Action: "android.intent.action.MAIN"\n'
        '          Category: "android.intent.category.LAUNCHER"\n'
    )


def _package(system: System, installed: InstalledPackage) -> str:
    definition, mark = installed.definition, installed.identity_hash
    kind = "SYSTEM HAS_CODE" if installed.system else "HAS_CODE"
    flags = f"[ {kind} ALLOW_CLEAR_USER_DATA ALLOW_BACKUP ]"
    first, last = (_time(system, when) for when in (installed.installed_ns, installed.updated_ns))
    lines = [
        f"  Package [{installed.package}] ({mark}):",
        f"    {'userId' if system.profile.sdk < 34 else 'appId'}={installed.uid}",
        f"    pkg=Package{{{mark[::-1]} {installed.package}}}",
        f"    codePath={installed.code_path}",
        f"    resourcePath={installed.code_path}",
        f"    legacyNativeLibraryDir={installed.code_path}/lib",
        "    extractNativeLibs=false",
        "    primaryCpuAbi=arm64-v8a",
        "    secondaryCpuAbi=null",
        f"    versionCode={definition.version_code} minSdk=21 targetSdk={definition.target_sdk}",
        f"    versionName={definition.version_name}",
        "    usesNonSdkApi=false",
        "    splits=[base]",
        "    apkSigningVersion=2",
        f"    flags={flags}",
        "    privateFlags=[ PRIVATE_FLAG_ACTIVITIES_RESIZE_MODE_RESIZEABLE ALLOW_AUDIO_PLAYBACK_CAPTURE ]",
        "    forceQueryable=false",
        "    queriesPackages=[]",
        f"    dataDir={installed.data_directory}",
        "    supportsScreens=[small, medium, large, xlarge, resizeable, anyDensity]",
        f"    timeStamp={last}",
        f"    firstInstallTime={first}",
        f"    lastUpdateTime={last}",
        *([f"    installerPackageName={installed.installer}"] if installed.installer else []),
        f"    signatures=PackageSignatures{{{mark} version:2, signatures:[{installed.signer[:8]}], past signatures:[]}}",
        "    installPermissionsFixed=true",
        f"    pkgFlags={flags}",
    ]
    lines += _permission_lines(installed)
    return "\n".join(lines) + "\n"


def _permission_lines(installed: InstalledPackage) -> list[str]:
    lines = []
    if installed.definition.permissions:
        lines += ["    requested permissions:", *(f"      {name}" for name in installed.definition.permissions)]
    if installed.install_permissions:
        lines += ["    install permissions:"]
        lines += [f"      {name}: granted=true" for name in installed.install_permissions]
    state = f"stopped={str(installed.stopped).lower()} notLaunched=false"
    lines.append(
        f"    User 0: ceDataInode={40000 + installed.uid} installed=true hidden=false suspended=false "
        f"distractionFlags=0 {state} enabled=0 instant=false virtual=false"
    )
    lines.append("      gids=[3003]")
    if installed.runtime_permissions:
        lines.append("      runtime permissions:")
    for name in installed.runtime_permissions:
        flags = {*installed.flags.get(name, set()), *SENSITIVE}
        shown = "|".join(flag for flag in FLAG_ORDER if flag in flags)
        granted = str(name in installed.granted).lower()
        lines.append(f"        {name}: granted={granted}, flags=[ {shown}]")
    return lines


def _time(system: System, wall_ns: int) -> str:
    return system.clock.stamp(wall_ns)[:19]
