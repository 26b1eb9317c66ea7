#!/usr/bin/env python3
"""Measures lists, revocations and answers beside peers, in one run on one machine, and prints a page in Markdown.

usage: tests/bench/run.py [--entries N] [--seconds N] [--out docs/benchmarks.md]

Peers come from Debian: openssl, golang-cfssl, nginx-light, wrk, postgresql; those that are missing are installed (root) or left out.
Ours is built with `cargo build --release`. CPU is that of the server's processes, from /proc; clients do not count.
"""

import argparse
import base64
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
LGPKI = ROOT / "target" / "release" / "lgpki"
PEERS = {"openssl": "openssl", "cfssl": "golang-cfssl", "nginx": "nginx-light", "wrk": "wrk"}
TICKS = os.sysconf("SC_CLK_TCK")


def run(*command, **options):
    """The output of a command; stops the measurement when it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def prepare():
    """Builds ours and installs peers that are missing."""
    missing = [package for program, package in PEERS.items() if not shutil.which(program)]
    if missing and os.geteuid() == 0:
        run("apt-get", "install", "-y", "-q", *missing)
    subprocess.run(["cargo", "build", "--release", "-q", "-p", "lgpki"], cwd=ROOT, check=True)


def free_port():
    """A port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    """Until somebody listens there."""
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit(f"nobody listens on port {port}")


def timed(*command, **options):
    """Seconds a command takes."""
    begun = time.monotonic()
    run(*command, **options)
    return time.monotonic() - begun


# Lists


def lists(folder, entries):
    """Rows of the table of lists: who, seconds, times ours."""
    ours = json.loads(run(LGPKI, "bench", "crl", "--entries", entries, "--runs", 15, "--format", "json"))
    build, limit = ours["build_ms"] / 1000, ours["limit_ms"] / 1000
    rows = [
        ("SHA-256 over its octets + one signature (the limit)", limit),
        ("lgpki: rows in memory to signed list", build),
        ("lgpki: the same, the first list of a process", ours["first_ms"] / 1000),
        ("lgpki: read again, verified, compared", ours["check_ms"] / 1000),
    ]
    long = json.loads(run(LGPKI, "bench", "crl", "--entries", 10 * entries, "--streamed", "--runs", 2, "--format", "json"))
    ours["long"] = f"A list of {long['entries']:,} entries, its rows streamed, takes {long['peak_mib']:.0f} MiB and {long['build_ms'] / 1000:.2f} s."
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=bench",
        "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-days", "30", "-addext", "keyUsage=critical,cRLSign,keyCertSign")
    serials = sorted(int.from_bytes(b"\x40" + os.urandom(16), "big") for _ in range(entries))
    if shutil.which("cfssl"):
        (folder / "serials").write_text("\n".join(map(str, serials)))
        rows.append(("Go CreateRevocationList (cfssl gencrl)", timed(
            "cfssl", "gencrl", folder / "serials", folder / "ca.pem", folder / "ca.key")))
    index = "".join(f"R\t330101000000Z\t261101000000Z\t{serial:034X}\tunknown\t/CN=x\n" for serial in serials)
    (folder / "index.txt").write_text(index)
    (folder / "crlnumber").write_text("01\n")
    (folder / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index.txt\ncrlnumber={folder}/crlnumber\ndefault_md=sha256\n"
        f"default_crl_days=3\ncertificate={folder}/ca.pem\nprivate_key={folder}/ca.key\n")
    rows.append(("openssl ca -gencrl", timed("openssl", "ca", "-gencrl", "-config", folder / "ca.cnf", "-out", folder / "o.crl")))
    return [(who, seconds, seconds / build) for who, seconds in rows], ours


# Revocations


def postgres(folder):
    """A PostgreSQL as it comes, and the address of a database in it; nothing where it is not installed."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found or os.geteuid() != 0:
        return None, None
    binaries, data = found[-1].parent, folder / "postgres"
    data.mkdir()
    folder.chmod(0o755)
    shutil.chown(data, "postgres", "postgres")
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    run(*as_user, binaries / "initdb", "-D", data, "-A", "trust", "-U", "lgpki", "-E", "UTF8", "--locale=C.UTF-8", cwd="/")
    process = subprocess.Popen([*as_user, binaries / "postgres", "-D", data, "-k", data, "-c", "listen_addresses="], cwd="/",
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        if subprocess.run([binaries / "createdb", "-h", data, "-U", "lgpki", "bench"], capture_output=True).returncode == 0:
            return process, f"postgres://lgpki@localhost/bench?host={data}"
        time.sleep(0.1)
    sys.exit("PostgreSQL does not start")


def revocations(folder, entries):
    """What `lgpki bench revocation` measures, on PostgreSQL where there is one, otherwise on SQLite."""
    server, address = postgres(folder)
    try:
        site = folder / "revocations"
        which = ["--database", address] if address else []
        run(LGPKI, "init", site, "--generate-passphrase", "--listen", f"127.0.0.1:{free_port()}", *which)
        return json.loads(run(LGPKI, "--config", site / "lgpki.toml", "bench", "revocation", "--entries", entries, "--answers", entries,
                              "--format", "json", cwd=site))
    finally:
        if server:
            server.send_signal(signal.SIGINT)
            server.wait()


# Answers


def cpu_seconds(pids):
    """User and system time of these processes so far."""
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def children(pid):
    """A process and those it has started."""
    found = run("pgrep", "-P", pid).decode().split() if subprocess.run(["pgrep", "-P", str(pid)], capture_output=True).stdout else []
    return [str(pid), *found]


def rested(pids):
    """Returns once these processes do nothing of their own: at its start ours makes keys in advance, for one."""
    while True:
        before = cpu_seconds(pids)
        time.sleep(1)
        if cpu_seconds(pids) - before < 0.03:
            return


def load(url, pids, seconds, script, close):
    """What wrk measures at 64 connections: answers a second, p99 in ms, CPU µs an answer, errors."""
    headers = ["-H", "Connection: close"] if close else []
    run("wrk", "-t1", "-c64", "-d1s", "-s", script, *headers, url)
    before = cpu_seconds(pids)
    output = run("wrk", "-t1", "-c64", f"-d{seconds}s", "-s", script, *headers, url).decode()
    used = cpu_seconds(pids) - before
    figures = dict(line.split("=") for line in output.splitlines() if line.startswith("figure:"))
    answers = int(figures["figure:requests"])
    return {
        "rate": answers / (int(figures["figure:duration"]) / 1e6),
        "p99": int(figures["figure:p99"]) / 1000,
        "cpu": used / max(answers, 1) * 1e6,
        "errors": int(figures["figure:errors"]),
    }


LUA = """
local file = {body}
if file then
  local f = io.open(file, "rb")
  wrk.method, wrk.body = "POST", f:read("*a")
  wrk.headers["Content-Type"] = "application/ocsp-request"
  f:close()
end
done = function(summary, latency)
  local e = summary.errors
  io.write("figure:requests=", summary.requests, "\\nfigure:duration=", summary.duration, "\\nfigure:p99=",
    math.floor(latency:percentile(99)), "\\nfigure:errors=", e.connect + e.read + e.write + e.status + e.timeout, "\\n")
end
"""


def answers(folder, seconds):
    """Rows of the table of answers: who, how, figures."""
    site, port, management = folder / "site", free_port(), free_port()
    run(LGPKI, "init", site, "--generate-passphrase", "--listen", f"127.0.0.1:{port}", "--management", f"127.0.0.1:{management}")
    ours = subprocess.Popen([LGPKI, "serve", "--config", site / "lgpki.toml"], cwd=site, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    others = []
    try:
        wait_for(port)
        base = f"http://127.0.0.1:{port}"
        (folder / "issuer.pem").write_bytes(urllib.request.urlopen(f"{base}/aia/application-ca.pem").read())
        serial = sqlite3.connect(site / "lgpki.db").execute(
            "select hex(serial) from certificate where authority_id = 'application-ca' limit 1").fetchone()[0]
        for name, nonce in [("plain", "-no_nonce"), ("nonce", "-nonce")]:
            run("openssl", "ocsp", "-issuer", folder / "issuer.pem", "-serial", f"0x{serial}", nonce, "-reqout", folder / name)
            (folder / f"{name}.lua").write_text(LUA.replace("{body}", f'"{folder / name}"'))
        (folder / "get.lua").write_text(LUA.replace("{body}", "nil"))
        question = (folder / "plain").read_bytes()
        path = urllib.parse.quote(base64.b64encode(question).decode(), safe="")
        pids = children(ours.pid)
        rested(pids)
        url = f"{base}/ocsp/application-ca"
        answer = urllib.request.urlopen(f"{url}/{path}").read()
        (folder / "answer").write_bytes(answer)
        rows = []
        for close in [False, True]:
            rows.append(("lgpki, signed ahead, GET", close, load(f"{url}/{path}", pids, seconds, folder / "get.lua", close)))
            rows.append(("lgpki, signed ahead, POST", close, load(url, pids, seconds, folder / "plain.lua", close)))
        rows.append(("lgpki, live (nonce), POST", False, load(url, pids, seconds, folder / "nonce.lua", False)))
        rows += nginx(folder, answer, seconds, others)
        rows += cfssl(folder, answer, seconds, others)
        return rows, len(answer)
    finally:
        for process in [ours, *others]:
            process.terminate()
            process.wait()


def nginx(folder, answer, seconds, others):
    """nginx serving a file of the same size."""
    if not shutil.which("nginx"):
        return []
    port, site = free_port(), folder / "nginx"
    site.mkdir()
    (site / "answer").write_bytes(answer)
    (site / "nginx.conf").write_text(
        f"user root; worker_processes 2; pid {site}/pid; error_log /dev/null; events {{ worker_connections 1024; }}\n"
        f"http {{ access_log off; keepalive_requests 1000000000; open_file_cache max=10;\n"
        f"server {{ listen 127.0.0.1:{port}; root {site}; }} }}\n")
    process = subprocess.Popen(["nginx", "-c", site / "nginx.conf", "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    others.append(process)
    wait_for(port)
    pids = children(process.pid)
    url = f"http://127.0.0.1:{port}/answer"
    return [("nginx, static file of that size", close, load(url, pids, seconds, folder / "get.lua", close)) for close in [False, True]]


def cfssl(folder, answer, seconds, others):
    """cfssl serving the same answer."""
    if not shutil.which("cfssl"):
        return []
    port = free_port()
    (folder / "responses").write_text(base64.b64encode(answer).decode() + "\n")
    process = subprocess.Popen(["cfssl", "ocspserve", "-port", str(port), "-responses", folder / "responses", "-loglevel", "5"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    others.append(process)
    wait_for(port)
    return [("cfssl ocspserve, POST", False, load(f"http://127.0.0.1:{port}/", [str(process.pid)], seconds, folder / "plain.lua", False))]


# The page


def machine():
    """What it was measured on."""
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}"


def page(entries, list_rows, ours, revoked, answer_rows, size):
    """The results as Markdown."""
    text = ["# Benchmarks", "", f"Written by `tests/bench/run.py` on {datetime.date.today()}: {machine()}. One run; clients on the same machine.", ""]
    text += [f"## A list of {entries:,} entries", "", f"{ours['octets']:,} octets, ECDSA P-256; ours: medians of {ours['runs']} runs, at most "
             f"{ours['peak_mib']:.0f} MiB of memory, of which the rows are {ours['rows_mib']:.0f}.", ""]
    text += ["| | seconds | times ours |", "|---|---:|---:|"]
    text += [f"| {who} | {seconds:.3f} | {times:.2f} |" for who, seconds, times in list_rows]
    text += ["", ours["long"]]
    text += ["", f"## Where {entries:,} are revoked, and as many have an answer signed ahead", "", "Durable transactions, one after the other; "
             "a list from its rows; memory by the process's resident set.", ""]
    text += ["| | revoke one, median | p99 | rows to stored list | to a file | answers in memory | each |", "|---|---:|---:|---:|---:|---:|---:|"]
    text += [f"| {revoked['database']} | {revoked['revoke_p50_ms']:.2f} ms | {revoked['revoke_p99_ms']:.2f} ms | {revoked['stored_s']:.2f} s | "
             f"{revoked['published_s']:.2f} s | {revoked['answers_mib']:.0f} MiB | {revoked['answer_octets']:.0f} octets |"]
    first = answer_rows[0][2]
    text += ["", f"## Answers of {size} octets", "", "One question, again and again, on 64 connections; the client shares the machine. CPU is the server's, for one answer; p99 as wrk "
             f"sees it. One signature alone takes {ours['signature_us']:.0f} µs.", ""]
    text += ["| | connection | answers/s | p99 ms | CPU µs | times ours | errors |", "|---|---|---:|---:|---:|---:|---:|"]
    text += [f"| {who} | {'each its own' if close else 'kept'} | {f['rate']:,.0f} | {f['p99']:.2f} | {f['cpu']:.1f} | "
             f"{f['cpu'] / first['cpu']:.2f} | {f['errors']} |" for who, close, f in answer_rows]
    return "\n".join(text) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--entries", type=int, default=1_000_000)
    arguments.add_argument("--seconds", type=int, default=5)
    arguments.add_argument("--out", type=pathlib.Path)
    wanted = arguments.parse_args()
    prepare()
    with tempfile.TemporaryDirectory(prefix="lgpki-bench-") as folder:
        folder = pathlib.Path(folder)
        list_rows, ours = lists(folder, wanted.entries)
        answer_rows, size = answers(folder, wanted.seconds)
        revoked = revocations(folder, wanted.entries)
    text = page(wanted.entries, list_rows, ours, revoked, answer_rows, size)
    print(text)
    if wanted.out:
        wanted.out.write_text(text)


if __name__ == "__main__":
    main()
