"""Texts that an app may use for its label, its buttons, its hosts and its bodies."""

from __future__ import annotations

HOSTILE = (
    "<script>document.title='owned'</script>",
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\"><svg onload=document.title='owned'>",
    "'-document.title='owned'-'",
    "{{ 7 * 191 }}{% for x in () %}{{ config }}",
    "${7*191}#{7*191}<%= 7*191 %>",
    "javascript:document.title='owned'",
    "[bold red]markup[/] \\[red]x[/red] :warning:",
    "a\x00b\x07c\x1b[31md\x7fe\x85f",
    "\u202eevil\u202c \u2066x\u2069 \u200e\u200f\u061c",
    "سياسة الخصوصية — פרטיות",
    "long " + "长" * 10_000,
    "</textarea></title></style></pre><!-- ]]>",
    "\u2028line\u2029separators\ufeff",
    "👩‍💻 emoji & <b>bold</b> &amp; &lt;",
)
