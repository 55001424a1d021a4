#!/usr/bin/env python3
"""The minikube example without a cluster: run.py --agent BINARY --work FOLDER

Installs what the two applications need below FOLDER (once; again when the pinned versions change), then runs check_deployment.py. Exit code
77: the package registries can't be reached, so the test could not run. Needs python3 with venv, yaml and grpcio, node 18 or newer, npm.
"""
import argparse
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
APPS = os.path.join(os.path.dirname(HERE), "apps")
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "conformance", "sdk"))
import run_sdk  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--agent", required=True, help="the agent's binary")
    parser.add_argument("--work", required=True, help="a folder for the applications' packages and for what the test writes")
    args = parser.parse_args()
    missing = [tool for tool in ("node", "npm") if not shutil.which(tool)]
    if missing:
        sys.exit("needed and not installed: %s" % ", ".join(missing))
    work = os.path.abspath(args.work)
    os.makedirs(work, exist_ok=True)
    python = run_sdk.install_python(work, os.path.join(APPS, "prices"))
    node = run_sdk.install_node(work, os.path.join(APPS, "orders"))
    for name in ("telemetry.js", "server.js"):
        shutil.copyfile(os.path.join(APPS, "orders", name), os.path.join(node, name))
    run = os.path.join(work, "run")
    shutil.rmtree(run, ignore_errors=True)
    os.makedirs(run)
    sys.exit(subprocess.run([sys.executable, "-B", os.path.join(HERE, "check_deployment.py"), "--agent", os.path.abspath(args.agent),
                             "--work", run, "--python", python, "--node", node]).returncode)


if __name__ == "__main__":
    main()
