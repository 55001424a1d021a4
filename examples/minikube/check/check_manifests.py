#!/usr/bin/env python3
"""The files of the example agree with each other: check_manifests.py [--agent BINARY]

Manifests parse and refer to what exists (config maps, volumes, services, ports); hosts and ports in configurations are services; the agent's
configuration passes `validate`, uses no variable that the DaemonSet does not set, and writes only where a volume is; the Helm values make
the same configuration; the Dockerfiles copy what is there, and the agent's image holds every library that BINARY needs.
"""
import argparse
import copy
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

import cluster

LOCAL = re.compile(r"([a-z0-9-]+)\.default\.svc\.cluster\.local(?::(\d+))?")
# What the chart puts under the values in mode daemonset, with the preset for logs and checkpoints.
CHART = {
    "exporters": {"debug": {}},
    "extensions": {"health_check": {"endpoint": "${env:MY_POD_IP}:13133"}, "file_storage": {"directory": "/var/lib/otelcol"}},
    "processors": {"batch": {}, "memory_limiter": {"check_interval": "5s", "limit_percentage": 80, "spike_limit_percentage": 25}},
    "receivers": {
        "jaeger": {"protocols": {"grpc": {"endpoint": "${env:MY_POD_IP}:14250"}}},
        "prometheus": {"config": {"scrape_configs": [{"job_name": "opentelemetry-collector"}]}},
        "zipkin": {"endpoint": "${env:MY_POD_IP}:9411"},
        "otlp": {"protocols": {"grpc": {"endpoint": "${env:MY_POD_IP}:4317"}, "http": {"endpoint": "${env:MY_POD_IP}:4318"}}},
        "filelog": {"storage": "file_storage", "retry_on_failure": {"enabled": True},
                    "exclude": ["/var/log/pods/default_otel-opentelemetry-collector*_*/opentelemetry-collector/*.log"]},
    },
    "service": {
        "extensions": ["health_check", "file_storage"],
        "pipelines": {s: {"exporters": ["debug"], "processors": ["memory_limiter", "batch"], "receivers": ["otlp"]}
                      for s in ("logs", "metrics", "traces")},
        "telemetry": {"metrics": {"address": "${env:MY_POD_IP}:8888"}},
    },
}


def merged(base, over):
    """Helm's merging: maps merge, null deletes, all else replaces."""
    out = copy.deepcopy(base)
    for key, value in over.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, dict) and isinstance(out.get(key), dict):
            out[key] = merged(out[key], value)
        else:
            out[key] = value
    return out


def strings(node):
    if isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def pod_spec(workload):
    return workload["spec"]["template"]["spec"]


def check_objects(report, objects):
    """References between objects; the workloads by name."""
    problems, seen = [], set()
    for name, o in objects:
        key = (o.get("kind"), o.get("metadata", {}).get("name"))
        if not o.get("apiVersion") or None in key or o["metadata"].get("namespace") != "default":
            problems.append("%s: %s has no apiVersion, kind, name or namespace default" % (name, key))
        if key in seen:
            problems.append("%s: %s is there twice" % (name, key))
        seen.add(key)
    report.check("each object has its head, once", problems)

    config_maps = {o["metadata"]["name"]: o["data"] for _, o in objects if o["kind"] == "ConfigMap"}
    workloads = {o["metadata"]["name"]: o for _, o in objects if o["kind"] in ("Deployment", "DaemonSet")}
    for name, workload in workloads.items():
        problems = []
        labels = workload["spec"]["template"]["metadata"]["labels"]
        if workload["spec"]["selector"]["matchLabels"].items() - labels.items():
            problems.append("the selector does not select its own pods")
        account = pod_spec(workload).get("serviceAccountName")
        if account and ("ServiceAccount", account) not in seen:
            problems.append("no service account %s" % account)
        container = cluster.container_of(workload)
        volumes = {v["name"]: v for v in pod_spec(workload).get("volumes", [])}
        mounts = {m["name"]: m["mountPath"] for m in container.get("volumeMounts", [])}
        problems += ["volume %s is mounted or declared only" % v for v in set(volumes) ^ set(mounts)]
        for volume in volumes.values():
            if "configMap" in volume and volume["configMap"]["name"] not in config_maps:
                problems.append("no config map %s" % volume["configMap"]["name"])
        # A file that an argument names lies in a config map that is mounted there.
        for path in re.findall(r"=(/\S+\.ya?ml)", " ".join(container.get("args", []))):
            holders = [volumes[v]["configMap"]["name"] for v, at in mounts.items() if os.path.dirname(path) == at and "configMap" in volumes[v]]
            if not any(os.path.basename(path) in config_maps[h] for h in holders if h in config_maps):
                problems.append("no config map gives %s" % path)
        ports = container.get("ports", [])
        known = {p["containerPort"] for p in ports} | {p["name"] for p in ports}
        for probe in ("livenessProbe", "readinessProbe"):
            if probe in container and container[probe]["httpGet"]["port"] not in known:
                problems.append("%s asks a port that is not declared" % probe)
        if not re.search(r":v?\d+\.\d+", container["image"]):
            problems.append("image %s without version" % container["image"])
        report.check("%s is whole" % name, problems)

    services, problems = {}, []
    for _, o in objects:
        if o["kind"] != "Service":
            continue
        selected = [w for w in workloads.values()
                    if not o["spec"]["selector"].items() - w["spec"]["template"]["metadata"]["labels"].items()]
        if len(selected) != 1:
            problems.append("service %s selects %d workloads" % (o["metadata"]["name"], len(selected)))
            continue
        names = {p["name"]: p["containerPort"] for p in cluster.container_of(selected[0])["ports"]}
        for port in o["spec"]["ports"]:
            if names.get(port["targetPort"]) != port["port"]:
                problems.append("service %s: port %s leads to %s" % (o["metadata"]["name"], port["port"], names.get(port["targetPort"])))
        services[o["metadata"]["name"]] = {p["port"] for p in o["spec"]["ports"]}
    for name, o in objects:
        texts = list(strings(o))
        for text in texts:
            for host, port in LOCAL.findall(text):
                if host not in services or (port and int(port) not in services[host]):
                    problems.append("%s: nobody serves %s:%s" % (name, host, port))
    scrapes = yaml.safe_load(config_maps["prometheus"]["prometheus.yml"])["scrape_configs"]
    for d in (d for job in scrapes for d in job["dns_sd_configs"]):
        for host, _ in LOCAL.findall(d["names"][0]):
            if d["port"] not in services.get(host, ()):
                problems.append("prometheus.yml: %s does not serve %d" % (host, d["port"]))
    report.check("hosts and ports are services, services lead to containers", problems)
    for config_map, data in config_maps.items():
        for file, text in data.items():
            report.check("%s/%s is YAML" % (config_map, file), [] if isinstance(yaml.safe_load(text), dict) else ["it is not a map"])
    return config_maps, workloads


def check_agent(report, config_maps, workloads):
    texts = config_maps["otelpipe"]
    container = cluster.container_of(workloads["otelpipe"])
    env = {e["name"] for e in container["env"]}
    used = set(re.findall(r"\$\{env:(\w+)", "".join(texts.values())))
    report.check("the DaemonSet sets what the configuration asks for", ["%s: asked for %s, set %s" % (v, v in used, v in env) for v in used ^ env])
    config = yaml.safe_load(texts["agent.yaml"])
    named = {int(p) for p in re.findall(r"\$\{env:MY_POD_IP\}:(\d+)", texts["agent.yaml"])}
    named |= {r["pull"]["exporter"]["prometheus"]["port"] for r in config["service"]["telemetry"]["metrics"]["readers"]}
    declared = {p["containerPort"] for p in container["ports"]}
    report.check("the agent listens on the declared ports", ["%d is on one side only" % p for p in named ^ declared])
    mounts = {m["mountPath"]: m.get("readOnly", False) for m in container["volumeMounts"]}
    directory = config["extensions"]["file_storage"]["directory"]
    problems = [] if mounts.get(directory) is False else ["%s is no writable mount" % directory]
    for path in config["receivers"]["filelog"]["include"]:
        if not any(path.startswith(at + "/") for at in mounts):
            problems.append("%s is not mounted" % path)
    security = container["securityContext"]
    problems += [] if security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"] and security["capabilities"] == {"drop": ["ALL"]} \
        else ["more rights than needed: %s" % security]
    report.check("the agent reads mounts, and writes only to one", problems)

    # The applications send to the node's address: those ports must be host ports.
    host = {p["hostPort"] for p in container["ports"] if "hostPort" in p}
    problems = []
    for app in ("orders", "prices"):
        ports = {int(p) for e in cluster.container_of(workloads[app])["env"] for p in re.findall(r"\$\(HOST_IP\):(\d+)", e.get("value", ""))}
        problems += ["%s sends to %d" % (app, p) for p in ports - host] or ([] if ports else ["%s sends nowhere" % app])
    report.check("the applications send to host ports of the agent", problems)


def check_grafana(report, config_maps):
    sources = {s["uid"]: s for s in yaml.safe_load(config_maps["grafana"]["datasources.yaml"])["datasources"]}
    problems = []
    for source in sources.values():
        data = source.get("jsonData", {})
        for other in [f["datasourceUid"] for f in data.get("derivedFields", [])] + [data[k]["datasourceUid"] for k in data if k != "derivedFields"]:
            if other not in sources:
                problems.append("%s leads to %s" % (source["uid"], other))
    labels = yaml.safe_load(config_maps["otelpipe"]["agent.yaml"])["processors"]["resource"]["attributes"][1]["value"].split(", ")
    for tag in sources["tempo"]["jsonData"]["tracesToLogsV2"]["tags"]:
        if tag["value"] not in labels:
            problems.append("tag %s is no label of the agent's streams" % tag["value"])
    report.check("Grafana's data sources lead to each other, by labels that exist", problems)


def check_values(report, config_maps):
    with open(os.path.join(cluster.EXAMPLE, "values.yaml")) as f:
        values = yaml.safe_load(f)
    config = merged(CHART, values["config"])
    ours = yaml.safe_load(config_maps["otelpipe"]["agent.yaml"])
    problems = []
    for path in (("receivers", "filelog", "operators"), ("receivers", "filelog", "include"), ("processors", "resource"), ("exporters", "loki"),
                 ("exporters", "otlp"), ("exporters", "prometheus"), ("receivers", "otlp")):
        a, b = config, ours
        for key in path:
            a, b = a.get(key), b.get(key)
        if a != b:
            problems.append("%s differs from manifests/agent.yaml" % "::".join(path))
    image = cluster.container_of(cluster.find("DaemonSet", "otelpipe"))["image"]
    if "%s:%s" % (values["image"]["repository"], values["image"]["tag"]) != image:
        problems.append("another image than the DaemonSet's")
    report.check("the Helm values make the configuration of the manifests", problems)
    return config, values["command"]["name"]


def validate(report, agent, config_maps, chart_config):
    env = dict(cluster.own_environment(), MY_POD_IP="127.0.0.1", K8S_NODE_NAME="minikube", K8S_NAMESPACE="default", K8S_POD_NAME="otelpipe-abcde")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**config_maps["otelpipe"], "chart.yaml": yaml.safe_dump(chart_config)}.items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        for files in (["agent.yaml"], ["agent.yaml", "push.yaml"], ["chart.yaml"]):
            done = subprocess.run([agent, "validate"] + ["--config=" + os.path.join(folder, f) for f in files], capture_output=True, text=True, env=env)
            report.check("%s passes validate" % " with ".join(files), done.stderr.split("\n")[:5] if done.returncode else [])


def instructions(path):
    """(word, rest) of a Dockerfile's lines, continued lines joined."""
    with open(path) as f:
        text = re.sub(r"(?m)^\s*#.*\n", "", f.read()).replace("\\\n", " ")
    return [line.split(None, 1) for line in text.split("\n") if line.strip()]


def installed(lines):
    """The packages of each `apt-get install`."""
    out = []
    for word, rest in lines:
        m = re.search(r"apt-get install -y --no-install-recommends (.*?)&&", rest) if word == "RUN" else None
        if m:
            out.append(set(m.group(1).split()))
    return out


def needed_packages(binary):
    """library -> packages that have a file of that name, of the libraries that the binary names; nothing where the tools are missing."""
    if not shutil.which("readelf") or not shutil.which("dpkg") or not os.path.exists("/etc/debian_version"):
        return {}
    libraries = re.findall(r"NEEDED.*\[(.*)\]", subprocess.run(["readelf", "-d", binary], capture_output=True, text=True).stdout)
    out = {}
    for library in libraries:
        answer = subprocess.run(["dpkg", "-S", "*/" + library], capture_output=True, text=True).stdout
        out[library] = {p.split(":")[0].strip() for line in answer.split("\n") if ": " in line for p in line.split(": ")[0].split(",")}
    return out


def check_images(report, workloads, command_name, agent):
    path = os.path.join(cluster.EXAMPLE, "Dockerfile")
    lines = instructions(path)
    build, runtime = installed(lines)
    with open(os.path.join(cluster.ROOT, "dev")) as f:
        needed = set(re.search(r"build_packages=\(([^)]*)\)", f.read()).group(1).split()) - {"ccache"}
    report.check("the image builds with the packages of ./dev", ["%s is on one side only" % p for p in needed ^ build])
    container = cluster.container_of(workloads["otelpipe"])
    exposed = {int(p) for word, rest in lines if word == "EXPOSE" for p in rest.split()}
    words = {word: rest for word, rest in lines}
    problems = ["port %d is on one side only" % p for p in exposed ^ {p["containerPort"] for p in container["ports"]}]
    problems += [] if re.match(r"[1-9]\d*(:\d+)?$", words["USER"]) else ["it runs as %s" % words["USER"]]
    problems += [] if '"%s"' % container["args"][0] in words["CMD"] else ["CMD is not the DaemonSet's argument"]
    problems += [] if re.search(r"COPY --from=build \S+ /%s(\s|$)" % command_name, "\n".join(" ".join(i) for i in lines)) else ["no /%s" % command_name]
    report.check("the image is the DaemonSet's", problems)
    if agent:
        # Part of every image; of a build with sanitizers alone; not libraries that a program names.
        known, extra = {"libc6"}, {"ca-certificates", "tzdata"}
        everything = needed_packages(agent)
        needed = {library: packages for library, packages in everything.items() if not re.match(r"lib[a-z]+san\b", library)}
        problems = ["%s of %s is missing" % (library, ", ".join(sorted(packages))) for library, packages in needed.items()
                    if packages and not packages & (runtime | known)]
        if len(needed) == len(everything):  # a sanitizer stands in for functions of other libraries
            problems += ["%s is not needed" % p for p in runtime - extra if needed and not any(p in packages for packages in needed.values())]
        report.check("the image holds the libraries that the agent needs, and no others", problems)
    for app in ("orders", "prices"):
        folder = os.path.join(cluster.EXAMPLE, "apps", app)
        problems, copied = [], set()
        for word, rest in instructions(os.path.join(folder, "Dockerfile")):
            if word == "COPY":
                copied |= set(rest.split()[:-1])
            if word == "EXPOSE" and int(rest) != cluster.container_of(workloads[app])["ports"][0]["containerPort"]:
                problems.append("port %s" % rest)
        problems += ["%s is not there" % f for f in copied if not os.path.exists(os.path.join(folder, f))]
        problems += ["%s is not copied" % f for f in os.listdir(folder) if f not in copied | {"Dockerfile"}]
        report.check("the image of %s copies what there is" % app, problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--agent", help="the agent's binary; without it nothing is validated")
    args = parser.parse_args()
    report = cluster.Report()
    config_maps, workloads = check_objects(report, cluster.manifests())
    check_agent(report, config_maps, workloads)
    check_grafana(report, config_maps)
    chart_config, command_name = check_values(report, config_maps)
    if args.agent:
        validate(report, args.agent, config_maps, chart_config)
    check_images(report, workloads, command_name, args.agent)
    sys.exit(report.finish())


if __name__ == "__main__":
    main()
