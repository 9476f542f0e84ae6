"""From the repository's Markdown to HTML: fences that name a file, and links that lead to pages."""

import html
import os
import posixpath
import re

import markdown
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

# A file longer than this is shown when it is asked for.
LONG = 24
NAMES = {"sh": "bash", "": "text"}
STATES = {"base": "in the parent commit"}


class Broken(Exception):
    """A link that leads nowhere."""


def paint_report(code):
    """preflake's own report, coloured as on a terminal."""
    lines = []
    for line in html.escape(code, quote=False).split("\n"):
        line = re.sub(r"^(error)(\[[\w-]+\])?:", r'<b class="error">\1\2</b>:', line)
        line = re.sub(r"^(warning)(\[[\w-]+\])?:", r'<b class="warning">\1\2</b>:', line)
        line = re.sub(r"^( +)(help)(:)", r'\1<b class="help">\2</b>\3', line)
        line = re.sub(r"^(\$ .*)$", r"<b>\1</b>", line)
        line = re.sub(r"([─┬┴╭╰╮╯│·┼▲]+)", r'<span class="frame">\1</span>', line)
        lines.append(line)
    return "\n".join(lines)


def code_block(info, code):
    """A fence. Its first word is the language, the second a file, the third the file's state in git."""
    language, file, state = (info.split(" ") + ["", "", ""])[:3]
    if language == "text" and not file:
        body = f'<pre class="terminal"><code>{paint_report(code)}</code></pre>'
    else:
        lexer = get_lexer_by_name(NAMES.get(language, language))
        body = highlight(code, lexer, HtmlFormatter(nowrap=True))
        body = f'<pre><code>{body.rstrip()}</code></pre>'
    if not file:
        return f'<div class="code">{body}</div>'
    label = f"<span>{html.escape(file)}</span>"
    if state:
        label += f' <span class="state">{html.escape(STATES.get(state, state))}</span>'
    count = code.count("\n") + 1
    if count > LONG:
        return f'<details class="code file"><summary>{label} <i>{count} lines</i></summary>{body}</details>'
    return f'<div class="code file"><p class="name">{label}</p>{body}</div>'


class Fences(Preprocessor):
    """Takes the fences out before anything else looks at them."""

    def run(self, lines):
        out, inside = [], None
        for line in lines:
            if inside is None and line.startswith("```"):
                inside = (line[3:].strip(), [])
            elif inside is not None and line == "```":
                out += ["", self.md.htmlStash.store(code_block(inside[0], "\n".join(inside[1]))), ""]
                inside = None
            elif inside is not None:
                inside[1].append(line)
            else:
                out.append(line)
        if inside is not None:
            raise Broken("a fence is not closed")
        return out


class Links(Treeprocessor):
    """Turns links between files into links between pages."""

    def __init__(self, md, resolve):
        super().__init__(md)
        self.resolve = resolve

    def run(self, root):
        for element in root.iter("a"):
            element.set("href", self.resolve(element.get("href", "")))
        for element in root.iter("img"):
            element.set("src", self.resolve(element.get("src", "")))
        for table in list(root.iter("table")):
            table.set("class", "wide")


def render(text, resolve):
    """The HTML of a page, and its headings of the second level as (id, text)."""
    md = markdown.Markdown(extensions=["tables", "toc", "sane_lists"])
    # After white space is normalised, which would lose the marks, and before blocks of HTML are looked for.
    md.preprocessors.register(Fences(md), "fences", 25)
    md.treeprocessors.register(Links(md, resolve), "links", 1)
    body = md.convert(text)
    body = re.sub(r'(<table class="wide">.*?</table>)', r'<div class="scroll">\1</div>', body, flags=re.S)
    tokens = [token for top in md.toc_tokens for token in ([top] if top["level"] == 2 else top["children"])]
    return body, [(token["id"], token["name"]) for token in tokens]


def resolver(top, source, page, pages, repository):
    """How links in the file `source` are written on the page `page`. `pages` maps files to pages."""
    def resolve(link):
        if re.match(r"[a-z]+:", link) or link.startswith("#"):
            return link
        path, mark, anchor = link.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if target in pages:
            return posixpath.relpath(pages[target], posixpath.dirname(page) or ".") + mark + anchor
        if target.startswith("..") or not os.path.exists(os.path.join(top, target)):
            raise Broken(f"{source}: {link} leads nowhere")
        kind = "tree" if os.path.isdir(os.path.join(top, target)) else "blob"
        return f"{repository}/{kind}/main/{target}{mark}{anchor}"
    return resolve
