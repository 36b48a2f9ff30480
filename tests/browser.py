"""What a browser makes of a page, and text that tries to be more than text."""

from html.parser import HTMLParser

HOSTILE = "<script>alert(1)</script>\"><img src=x onerror=alert(1)> ' onload='x </style> {{ 7*7 }} \u202egnp.exe\u2066"


class Page(HTMLParser):
    """What a browser would see: start tags with attributes, and the text inside each element."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.inside, self.text, self._open = [], [], [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open = tag
        if tag in ("script", "style"):
            self.inside.append([tag, dict(attrs), ""])

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        if self._open in ("script", "style"):
            self.inside[-1][2] += data
        else:
            self.text.append(data)

    def found(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def policy(page):
    (found,) = [meta["content"] for meta in page.found("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    return dict(directive.strip().split(" ", 1) for directive in found.split(";"))
