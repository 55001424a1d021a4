#!/usr/bin/env python3
"""The OpenTelemetry SDKs against the agent: run_sdk.py --agent BINARY --work FOLDER [--setup-only]

Installs the SDKs below FOLDER (once; again when the pinned versions change), then runs check_sdk.py there. Exit code 77: the package registries
can't be reached, so the test could not run. Needs python3 with venv, node 18 or newer, npm and curl.
"""
import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77
# What pip and npm say when nobody answers, as opposed to a registry that says no.
UNREACHABLE = re.compile(r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Failed to establish a new connection|name resolution|"
                         r"Name or service not known|Network is unreachable|ProxyError|Connection refused|RemoteDisconnected|ConnectionResetError|"
                         r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|"
                         r"network connectivity")


def digest(source, *names, extra=""):
    h = hashlib.sha256(extra.encode())
    for name in names:
        with open(os.path.join(source, name), "rb") as f:
            h.update(f.read())
    return h.hexdigest()


def ready(folder, stamp):
    try:
        with open(os.path.join(folder, "installed")) as f:
            return f.read() == stamp
    except OSError:
        return False


def run(command, cwd):
    """Runs one step of the set-up; exits with SKIPPED when the registry can't be reached, with 1 on any other failure."""
    print("set-up: %s" % " ".join(command), flush=True)
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print("\n".join(done.stdout.strip().split("\n")[-15:]))
        if UNREACHABLE.search(done.stdout):
            print("skipped: the package registry can't be reached, so the SDKs can't be installed")
            sys.exit(SKIPPED)
        sys.exit("the set-up failed with exit code %d" % done.returncode)


def finish(folder, stamp):
    with open(os.path.join(folder, "installed"), "w") as f:
        f.write(stamp)


def install_python(work, source=HERE):
    """Installs `source`/requirements.txt below `work`; the interpreter to run."""
    folder = os.path.join(work, "venv")
    stamp = digest(source, "requirements.txt", extra=sys.version + sys.executable)
    if not ready(folder, stamp):
        shutil.rmtree(folder, ignore_errors=True)
        run([sys.executable, "-m", "venv", folder], work)
        run([os.path.join(folder, "bin", "python3"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2",
             "--timeout", "20", "-r", os.path.join(source, "requirements.txt")], work)
        finish(folder, stamp)
    return os.path.join(folder, "bin", "python3")


def install_node(work, source=HERE):
    """Installs what `source`/package-lock.json names below `work`; the folder that holds node_modules."""
    folder = os.path.join(work, "node")
    stamp = digest(source, "package.json", "package-lock.json")
    if not ready(folder, stamp):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copyfile(os.path.join(source, name), os.path.join(folder, name))
        run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier", "--fetch-retries=2", "--fetch-timeout=30000",
             "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"], folder)
        finish(folder, stamp)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--agent", help="the agent's binary")
    parser.add_argument("--work", required=True, help="a folder for the SDKs and for what the test writes")
    parser.add_argument("--setup-only", action="store_true", help="install the SDKs and stop")
    args = parser.parse_args()
    missing = [tool for tool in ("node", "npm", "curl") if not shutil.which(tool)]
    if missing:
        sys.exit("needed and not installed: %s" % ", ".join(missing))
    work = os.path.abspath(args.work)
    os.makedirs(work, exist_ok=True)
    python = install_python(work)
    install_node(work)
    if args.setup_only:
        return
    if not args.agent or not os.access(args.agent, os.X_OK):
        sys.exit("--agent must name the agent's binary")
    sys.exit(subprocess.run([python, "-B", os.path.join(HERE, "check_sdk.py"), "--agent", os.path.abspath(args.agent), "--work", work]).returncode)


if __name__ == "__main__":
    main()
