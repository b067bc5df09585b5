"""What a walk never touches: anything that consents, pays, deletes, calls, sends or installs, in any of the known languages.

A label is refused when its words say so (a pattern), or when the reader of labels understands it so. Either is enough:
a screen left unseen costs little, a consent given by an explorer spoils the session.
"""

from __future__ import annotations

import re

from screenshots.labels import label_meaning
from screenshots.lexicon import comparable, readable
from screenshots.reading import Dialog, TextBox

__all__ = ["is_forbidden", "leaves_alone"]

_HAN = re.compile(
    # consent and permission
    "同意|授权|允许|接受|许可|确认并继续|我已阅读|不再询问|"
    # money
    "支付|付款|付费|购买|抢购|买单|下单|结算|结账|充值|提现|转账|汇款|打赏|赞助|开通|续费|订阅|订购|预订|预约|投保|借款|贷款|还款|领款|竞拍|出价|"
    # what cannot be taken back
    "删除|删掉|清空|清除|移除|注销|销户|解绑|解除|卸载|格式化|恢复出厂|退出登录|退出账号|切换账号|登出|"
    # what reaches other people
    "拨打|拨号|呼叫|致电|打电话|发送|发布|发表|提交|上传|评论|回复|举报|投诉|邀请|关注|申请|报名|"
    # what changes the device, or the person at once
    "安装|下载|更新|升级|一键登录|本机号码|免密登录|人脸|实名|签约|签署|"
    # the same in traditional characters
    "授權|允許|許可|購買|下單|結帳|結算|儲值|轉帳|匯款|開通|續費|訂閱|訂購|刪除|註銷|解除|解綁|撥打|傳送|發佈|發送|送出|"
    "提交|上傳|安裝|下載|升級|檢舉|邀請|申請"
)
_LATIN = re.compile(
    r"\b(agree\w*|accept\w*|consent\w*|allow\w*|authori[sz]e\w*|grant\w*|permit\w*|enable|i understand|"
    r"pay\w*|purchas\w*|buy\w*|order\w*|check ?out|subscri\w*|top ?up|donat\w*|transfer\w*|withdraw\w*|bid|rent|book now|"
    r"trial|upgrade\w*|delet\w*|remov\w*|eras\w*|clear\w*|reset\w*|format|deactivat\w*|unlink\w*|uninstall\w*|"
    r"log ?out|sign ?out|log ?off|switch account|call|dial|send\w*|post|publish\w*|submit\w*|upload\w*|comment|reply|"
    r"report|invite\w*|follow|install\w*|download\w*|update\w*|"
    r"zustimm\w*|einverstanden|akzeptier\w*|erlauben|bezahl\w*|kaufen|bestellen|abonnier\w*|löschen|entfernen|abmelden|"
    r"accepte\w*|accepter|autoriser|payer|acheter|commander|abonner|supprimer|effacer|envoyer|"
    r"acept\w*|permitir|pagar|comprar|suscrib\w*|eliminar|borrar|enviar|"
    r"confirm (and|purchase|order|payment))\b",
    re.IGNORECASE,
)
_KANA = re.compile(
    "同意|許可|承諾|支払|購入|注文|課金|登録解除|削除|消去|退会|ログアウト|送信|投稿|発信|通話|インストール|ダウンロード|アップデート|更新"
)
_GAPS = re.compile(r"[\W_]+")
_MEANINGS = frozenset(
    {
        "accept",
        "refuse",
        "basic_mode",
        "allow",
        "allow_once",
        "allow_foreground",
        "deny",
        "pay",
        "destroy",
        "send",
        "receive",
    }
    | {"install", "update", "rate", "exit"}
)
_BINDING_ROLES = frozenset(
    {"accept", "refuse", "basic_mode", "allow", "allow_once", "allow_foreground", "deny", "exit", "acknowledge"}
)
_CONFIRMING = frozenset({"confirm", "proceed", "acknowledge"})
"""Harmless on a page; inside a dialog that asks something grave they are the answer."""


def leaves_alone(box: TextBox, dialog: Dialog | None) -> bool:
    """Whether a walk must not tap this box, as it stands and where it stands."""
    if is_forbidden(box.text):
        return True
    if dialog is None:
        return False
    if any(_touch(box, checkbox.box) for checkbox in dialog.checkboxes):
        return True
    if any(control.role in _BINDING_ROLES and _touch(box, control.box) for control in dialog.controls):
        return True
    # In a dialog of no known kind, a label that nobody understands may be the answer as well.
    answers = _CONFIRMING | {"other"} if dialog.kind == "other" else _CONFIRMING
    return label_meaning(box.text).name in answers and is_forbidden(dialog.text)


def is_forbidden(text: str) -> bool:
    """Whether these words consent, pay, delete, call, send or install. Spacing and full-width letters hide nothing."""
    shown = readable(text)
    # Chinese buttons are often spread out: 同 意. Traditional characters are folded, Japanese ones must not be.
    tight, folded = _GAPS.sub("", shown), _GAPS.sub("", comparable(shown))
    if _HAN.search(folded) or _HAN.search(tight) or _KANA.search(tight) or _LATIN.search(shown):
        return True
    said = label_meaning(shown)
    # "No objections" is a yes to whatever was asked.
    return said.name in _MEANINGS or (said.name == "confirm" and not said.clear)


def _touch(box: TextBox, other: tuple[int, int, int, int]) -> bool:
    """Whether a tap into the middle of the box would reach the other one, or the other way round."""
    return _holds(other, box.box) or _holds(box.box, other)


def _holds(outer: tuple[int, int, int, int], inner: tuple[int, int, int, int]) -> bool:
    x, y = (inner[0] + inner[2]) // 2, (inner[1] + inner[3]) // 2
    return outer[0] <= x < outer[2] and outer[1] <= y < outer[3]
