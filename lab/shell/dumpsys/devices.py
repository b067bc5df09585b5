"""Smaller services of dumpsys: display, power, battery, Wi-Fi, location, connectivity, users, storage."""

from lab.system.core import System

__all__ = ["SERVICES", "display_id"]

DISPLAY_ID = 4619827259835644672


def display_id(system: System) -> str:
    """`dumpsys SurfaceFlinger --display-id`."""
    return f'Display {DISPLAY_ID} (HWC display 0): port=0 pnpId=LTA displayName="LTA13"\n'


def _display(system: System) -> str:
    profile, state = system.profile, "ON" if system.power.awake else "OFF"
    width, height = profile.width, profile.height
    return (
        f"DISPLAY MANAGER (dumpsys display)\n  mOnlyCode=false\n  mSafeMode=false\n  mPendingTraversal=false\n"
        f"  mViewports=[DisplayViewport{{type=INTERNAL, valid=true, isActive=true, displayId=0, "
        f"uniqueId='local:{DISPLAY_ID}', physicalPort=0, orientation={system.power.rotation}, "
        f"logicalFrame=Rect(0, 0 - {width}, {height}), physicalFrame=Rect(0, 0 - {width}, {height}), "
        f"deviceWidth={width}, deviceHeight={height}}}]\n"
        f"  mDefaultDisplayDefaultColorMode=0\n\nDisplay States: size=1\n  Display Id=0\n  Display State={state}\n\n"
        f'Display Devices: size=1\n  DisplayDeviceInfo{{"Built-in Screen": uniqueId="local:{DISPLAY_ID}", {width} x '
        f"{height}, modeId 1, density {profile.density}, state {state}, FLAG_DEFAULT_DISPLAY}}\n"
        f"    mCurrentOrientation={system.power.rotation}\n    mState={state}\n"
    )


def _power(system: System) -> str:
    awake = system.power.awake
    word = str(awake).lower()
    return (
        "POWER MANAGER (dumpsys power)\n\nPower Manager State:\n  mDirty=0x0\n"
        f"  mWakefulness={'Awake' if awake else 'Asleep'}\n  mWakefulnessChanging=false\n  mIsPowered={word}\n"
        f"  mBatteryLevel={system.power.battery_level}\n  mHoldingWakeLockSuspendBlocker=false\n"
        f"  mHoldingDisplaySuspendBlocker={word}\n\nDisplay Power: state={'ON' if awake else 'OFF'}\n"
    )


def _battery(system: System) -> str:
    return (
        "Current Battery Service state:\n  AC powered: false\n"
        f"  USB powered: {str(system.power.plugged).lower()}\n  Wireless powered: false\n  Dock powered: false\n"
        "  Max charging current: 500000\n  Max charging voltage: 5000000\n  Charge counter: 3204000\n"
        f"  status: 2\n  health: 2\n  present: true\n  level: {system.power.battery_level}\n  scale: 100\n"
        "  voltage: 4177\n  temperature: 263\n  technology: Li-ion\n"
    )


def wifi_line(system: System) -> str:
    """The mWifiInfo text shared by dumpsys wifi and cmd wifi status."""
    identity = system.identity
    return (
        f'SSID: "{identity.ssid}", BSSID: {identity.bssid}, MAC: {identity.mac}, IP: /{identity.address}, '
        "Security type: 2, Supplicant state: COMPLETED, Wi-Fi standard: 11ac, RSSI: -51, Link speed: 433Mbps, "
        "Tx Link speed: 433Mbps, Max Supported Tx Link speed: 433Mbps, Rx Link speed: 390Mbps, "
        "Max Supported Rx Link speed: 433Mbps, Frequency: 5180MHz, Net ID: 0, Metered hint: false, score: 60"
    )


def _wifi(system: System) -> str:
    state = "enabled" if system.power.wifi else "disabled"
    return (
        f"Wi-Fi is {state}\nVerbose logging is off\nStay-awake conditions: 0\n\nmInIdleMode false\n"
        f"mWifiInfo {wifi_line(system)}\nmDhcpResults IP address {system.identity.address}/24 Gateway "
        f"{system.identity.gateway}  DNS servers: [ {system.identity.gateway} ]\n"
    )


def _connectivity(system: System) -> str:
    proxy = system.settings.proxy
    text = "[ProxyProperties.mHost == null]\n" if proxy is None else f"[{proxy[0]}] {proxy[1]}\n"
    return (
        "NetworkProviders for:\n\nActive default network: 101\n\nCurrent network preferences:\n\nCurrent Networks:\n"
        f"  NetworkAgentInfo{{network{{101}}  handle{{436915142656}}  ni{{WIFI CONNECTED extra: }} lp{{{{InterfaceName: wlan0 "
        f"LinkAddresses: [ {system.identity.address}/24 ] DnsAddresses: [ /{system.identity.gateway} ] MTU: 0}}}} "
        "nc{[ Transports: WIFI Capabilities: NOT_METERED&INTERNET&NOT_RESTRICTED&TRUSTED&NOT_VPN&VALIDATED]}}\n"
        f"\nGlobal proxy: {text}"
    )


def _location(system: System) -> str:
    identity = system.identity
    seconds = system.clock.uptime_ns() // 10**9
    place = f"{identity.latitude:.6f},{identity.longitude:.6f}"
    mock = " mock" if identity.mocked else ""
    return (
        "Location Manager State:\n  User Info:\n    current user: 0\n  Location Settings:\n    Location Enabled: true\n"
        f"  Location Providers:\n    gps provider{mock}:\n      last location=Location[gps {place} hAcc=8.0 "
        f"et=+{seconds}s0ms alt=44.0 vel=0.0{mock}]\n      enabled=true\n    network provider:\n"
        f"      last location=null\n      enabled=true\n"
    )


def _user(system: System) -> str:
    return (
        "Current user: 0\n\nUsers:\n  UserInfo{0:机主:c13} serialNo=0 isPrimary=true parentId=-1\n"
        "    Type: android.os.usertype.full.SYSTEM\n    State: RUNNING_UNLOCKED\n    Unlock time: +3s115ms\n"
    )


def _input_method(system: System) -> str:
    current = system.settings.get("secure", "default_input_method")
    return (
        f"Current Input Method Manager state:\n  Input Methods: mMethodMapUpdateCount=2\n  mCurMethodId={current}\n"
        "  mShowRequested=false mShowExplicitlyRequested=false mShowForced=false mInputShown=false\n"
        "  mInteractive=true\n"
    )


def _diskstats(system: System) -> str:
    files = system.files
    used = files.capacity if files.full else files.used()
    return f"Latency: 1ms [512B Data Write]\nData-Free: {(files.capacity - used) // 1024}K / {files.capacity // 1024}K total\n"


def _notification(system: System) -> str:
    return "Current Notification Manager state:\n  Notification List:\n"


def _media_session(system: System) -> str:
    return "MEDIA SESSION SERVICE (dumpsys media_session)\n\n0 sessions listeners.\n"


def _cpuinfo(system: System) -> str:
    return "Load: 1.12 / 1.04 / 0.97\nCPU usage from 42012ms to 12005ms ago\n  1.2% 1122/system_server\n"


def _device_policy(system: System) -> str:
    return "Current Device Policy Manager state:\n  Immutable state:\n    mHasFeature=true\n"


def _telephony(system: System) -> str:
    state = "{mVoiceRegState=0(IN_SERVICE), mDataRegState=0(IN_SERVICE)}"
    return f"last known state:\n  Phone Id=0\n    mCallState=0\n    mServiceState={state}\n"


def _accessibility(system: System) -> str:
    return (
        "ACCESSIBILITY MANAGER (dumpsys accessibility)\n\ncurrentUserId=0\nUser state[\n"
        "     attributes:{id=0, touchExplorationEnabled=false}\n     Bound services:{}\n     Enabled services:{}\n]\n"
    )


SERVICES = {
    "accessibility": _accessibility,
    "battery": _battery,
    "connectivity": _connectivity,
    "cpuinfo": _cpuinfo,
    "device_policy": _device_policy,
    "diskstats": _diskstats,
    "display": _display,
    "input_method": _input_method,
    "location": _location,
    "media_session": _media_session,
    "notification": _notification,
    "power": _power,
    "telephony.registry": _telephony,
    "user": _user,
    "wifi": _wifi,
}
