"""Words of the documents, in Chinese and where needed in English, for names that the program uses."""

from __future__ import annotations

__all__ = ["CITATIONS", "OWNERS", "PHASES", "PHASES_EN", "STATES", "TRICKS", "VERDICTS"]

PHASES = {
    "NOT_STARTED": "未启动",
    "PRE_CONSENT": "同意前",
    "INDETERMINATE": "不确定",
    "ACCEPTED": "已同意",
    "REFUSAL_PENDING": "拒绝未定",
    "REFUSED": "已拒绝",
    "REFUSED_BASIC": "拒绝后继续使用",
    "KILLED": "应用已退出",
}
PHASES_EN = {
    "NOT_STARTED": "not started",
    "PRE_CONSENT": "before consent",
    "INDETERMINATE": "uncertain",
    "ACCEPTED": "accepted",
    "REFUSAL_PENDING": "refusal not final",
    "REFUSED": "refused",
    "REFUSED_BASIC": "refused, used on",
    "KILLED": "app gone",
}
VERDICTS = {
    "confirmed": "确认",
    "suspected": "涉嫌",
    "lead": "线索",
    "not_observed": "未发现",
    "not_testable": "无法检测",
}
OWNERS = {"app": "本应用", "other": "其他应用或系统", "ambiguous": "无法区分", "unknown": "归属不明"}
STATES = {
    "done": "已检测",
    "failed": "检测失败",
    "set_aside": "未检测（条目有误）",
    "pending": "待检测",
    "claimed": "检测中",
}
CITATIONS = {
    "the request": "该请求",
    "the screen before": "发送前的画面",
    "the screen after": "发送后的画面",
    "the permission dialog": "权限申请弹窗",
    "the system's count of operations": "系统的操作记录",
    "the first interactive screen": "首个可操作画面",
    "the last screen of the watch": "观察结束时的画面",
    "the prompt": "同意弹窗",
    "the ticked box": "已勾选的选项",
}
TRICKS = {
    "ticked_by_default": "选项已勾选",
    "no_refusal": "未见拒绝选项",
    "weaker_refusal": "拒绝选项弱于同意选项",
    "invisible_refusal": "拒绝选项与背景同色",
    "hard_to_read": "文字过淡或过小",
    "below_the_fold": "内容或选项在可见范围之外",
    "countdown": "选项带倒计时数字",
    "misleading_wording": "选项措辞值得注意",
}
