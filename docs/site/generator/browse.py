# SPDX-License-Identifier: MIT
"""Opens pages of the site in headless Chromium, over the pipe of its DevTools, and keeps screenshots.

Each page as a phone and a desktop show it, dark and light. An error in the console, a request that
fails or leaves the folder of the site, and a page that is wider than its window are errors. Search
must find a page by its name, and without JavaScript each page must show the same text.
"""
import base64
import json
import os
import shutil
import subprocess
import sys

import repository

SHOTS = repository.ROOT / "build/site.shots"
PAGES = [
    "index.html",
    "cxx.html",
    "c.html",
    "names.html",
    "types/Command.html",
    "functions/Command.spawn.html",
    "functions/PidFd.send_signal.html",
    "types/Resources.html",
    "c/sysfd_command_spawn.html",
    "guide/docs-kernel-support.html",
    "headers/command.html",
    "c-types/sysfd_output_options.html",
    "source/examples/event_loop.cpp.html",
]
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
SCHEMES = ["light", "dark"]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--user-data-dir=" + str(SHOTS / "profile"),
    "about:blank",
]


class Browser:
    """Descriptors 3 and 4 of Chromium are pipes, for commands and for answers that end with a NUL."""

    def __init__(self):
        commands, self.writer = os.pipe()
        self.reader, answers = os.pipe()
        for fd in (commands, answers):
            os.set_inheritable(fd, True)
        arguments = [
            "sh",
            "-c",
            f'exec "$@" 3<&{commands} 4>&{answers} 2>/dev/null',
            "sh",
            "chromium",
            *FLAGS,
        ]
        self.process = subprocess.Popen(
            arguments, pass_fds=(commands, answers), stdout=subprocess.DEVNULL
        )
        os.close(commands)
        os.close(answers)
        self.rest = b""
        self.events = []
        self.last = 0
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def _message(self):
        while b"\0" not in self.rest:
            more = os.read(self.reader, 1 << 20)
            if not more:
                raise repository.SiteError("chromium has ended")
            self.rest += more
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise repository.SiteError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, event):
        while not any(each.get("method") == event for each in self.events):
            self.events.append(self._message())

    def open(self, address):
        self.events.clear()
        self.call("Page.navigate", url=address)
        self.wait_for("Page.loadEventFired")

    def value(self, expression, wait=False):
        result = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=wait, returnByValue=True
        )
        if "exceptionDetails" in result:
            raise repository.SiteError(f"{expression}: {result['exceptionDetails']['text']}")
        return result["result"].get("value")

    def errors(self):
        """What the console and the network say about the page."""
        for each in self.events:
            method, said = each.get("method"), each.get("params", {})
            if method == "Runtime.exceptionThrown":
                yield said["exceptionDetails"]["text"]
            elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning"):
                yield str(said["args"])
            elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
                yield said["entry"]["text"]
            elif method == "Network.loadingFailed":
                yield f"a request failed: {said['errorText']}"
            elif method == "Network.requestWillBeSent" and not said["request"]["url"].startswith(
                ("file://" + str(repository.OUTPUT), "data:")
            ):
                yield f"a request for {said['request']['url']}"

    def close(self):
        self.session = None
        self.call("Browser.close")
        self.process.wait()
        os.close(self.reader)
        os.close(self.writer)


def look(browser, page, address, size, scheme):
    width, height = SIZES[size]
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=size == "phone",
    )
    browser.call(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
    )
    browser.open(address)
    yield from browser.errors()
    wide = browser.value("document.documentElement.scrollWidth")
    if wide > width:
        yield f"is {wide} pixels wide"
    data = browser.call("Page.captureScreenshot", format="png")["data"]
    name = page.removesuffix(".html").replace("/", "-")
    (SHOTS / f"{name}-{size}-{scheme}.png").write_bytes(base64.b64decode(data))


def search(browser, address):
    """Types a name, and follows the first answer."""
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=1280,
        height=900,
        deviceScaleFactor=1,
        mobile=False,
    )
    browser.open(address)
    browser.value("document.querySelector('input[type=search]').focus()")
    browser.value(
        "new Promise(done => { const wait = () => window.sysfdNames ? done(1) :"
        " requestAnimationFrame(wait); wait(); })",
        wait=True,
    )
    browser.call("Input.insertText", text="send_signal")
    found = browser.value(
        "[...document.querySelectorAll('#found a')].map(each => each.firstChild.data)"
    )
    data = browser.call("Page.captureScreenshot", format="png")["data"]
    (SHOTS / "search.png").write_bytes(base64.b64decode(data))
    yield from browser.errors()
    if "sysfd::PidFd::send_signal" not in (found or [])[:3]:
        yield f"search for send_signal finds {found}"


def main():
    for page in PAGES:
        if not (repository.OUTPUT / page).exists():
            raise repository.SiteError(f"there is no page {page} to look at")
    shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir(parents=True)
    browser = Browser()
    errors, shots = [], 0
    for page in PAGES:
        address = f"file://{repository.OUTPUT / page}"
        for size in SIZES:
            for scheme in SCHEMES:
                errors += [
                    f"{page} ({size}, {scheme}): {error}"
                    for error in look(browser, page, address, size, scheme)
                ]
                shots += 1
        with_script = browser.value("document.querySelector('main').innerText")
        browser.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.open(address)
        errors += [f"{page} (without JavaScript): {error}" for error in browser.errors()]
        root = browser.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        found = browser.call("DOM.querySelector", nodeId=root, selector="main")["nodeId"]
        markup = browser.call("DOM.getOuterHTML", nodeId=found)["outerHTML"]
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
        browser.open("about:blank")
        browser.call(
            "Page.setDocumentContent",
            frameId=browser.call("Page.getFrameTree")["frameTree"]["frame"]["id"],
            html=markup,
        )
        if "".join(browser.value("document.body.innerText").split()) != "".join(
            with_script.split()
        ):
            errors.append(f"{page}: shows something else without JavaScript")
    errors += [
        f"index.html: {error}"
        for error in search(browser, f"file://{repository.OUTPUT / 'index.html'}")
    ]
    browser.close()
    shutil.rmtree(SHOTS / "profile", ignore_errors=True)
    for error in errors:
        print(f"site: {error}", file=sys.stderr)
    print(
        f"site: {len(PAGES)} pages in Chromium, {shots} screenshots in "
        f"{SHOTS.relative_to(repository.ROOT)}, {len(errors)} errors"
    )
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
