#!/usr/bin/env python3
"""Measures lists, revocations and answers beside peers, in one run on one machine, and prints a page in Markdown.

usage: tests/bench/run.py [--entries N] [--seconds N] [--rounds N] [--out docs/benchmarks.md]

Peers come from Debian: openssl, golang-cfssl, nginx-light, wrk, apache2-utils, postgresql; those that are missing are installed (root) or left out.
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
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
LGPKI = ROOT / "target" / "release" / "lgpki"
PEERS = {"openssl": "openssl", "cfssl": "golang-cfssl", "nginx": "nginx-light", "wrk": "wrk", "ab": "apache2-utils"}
TICKS = os.sysconf("SC_CLK_TCK")
LIST_ROUNDS = 5


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


def lists(folder, entries, rounds):
    """Rows of the table of lists: who, seconds, times ours, each the median of all rounds; ours in figures. Everybody has a turn in
    every round."""
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=bench",
        "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-days", "30", "-addext", "keyUsage=critical,cRLSign,keyCertSign")
    serials = sorted(int.from_bytes(b"\x40" + os.urandom(16), "big") for _ in range(entries))
    (folder / "serials").write_text("\n".join(map(str, serials)))
    for name, reason in [("plain", ""), ("reasons", ",superseded")]:
        (folder / f"{name}.txt").write_text("".join(f"R\t330101000000Z\t261101000000Z{reason}\t{serial:034X}\tunknown\t/CN=x\n" for serial in serials))
        (folder / f"{name}.cnf").write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/{name}.txt\ncrlnumber={folder}/crlnumber\ndefault_md=sha256\n"
            f"default_crl_days=3\ncertificate={folder}/ca.pem\nprivate_key={folder}/ca.key\n")
    held = []
    for _ in range(rounds):
        plain, reasons = ours_listed(entries), ours_listed(entries, "--reasons")
        held.append([
            ("SHA-256 over its octets + one signature (the limit)", plain["limit_ms"] / 1000, plain),
            ("lgpki: rows in memory to signed list", plain["build_ms"] / 1000, plain),
            ("lgpki: the same, the first list of a process", plain["first_ms"] / 1000, plain),
            ("lgpki: read again, verified, compared", plain["check_ms"] / 1000, plain),
            *([("Go CreateRevocationList (cfssl gencrl)",
                timed("cfssl", "gencrl", folder / "serials", folder / "ca.pem", folder / "ca.key"), plain)] if shutil.which("cfssl") else []),
            ("openssl ca -gencrl", openssl_listed(folder, "plain"), plain),
            ("With a reason in every entry: the limit", reasons["limit_ms"] / 1000, reasons),
            ("lgpki: rows in memory to signed list", reasons["build_ms"] / 1000, reasons),
            ("openssl ca -gencrl", openssl_listed(folder, "reasons"), reasons),
        ])
    rows = [(turns[0][0], statistics.median(seconds for _, seconds, _ in turns),
             statistics.median(1000 * seconds / beside["build_ms"] for _, seconds, beside in turns)) for turns in zip(*held)]
    figures = {"octets": plain["octets"], "octets_with_reasons": reasons["octets"], "rows_mib": plain["rows_mib"],
               "peak_mib": max(turn["peak_mib"] for one in held for _, _, turn in one)}
    figures["long"] = json.loads(run(LGPKI, "bench", "crl", "--entries", 10 * entries, "--streamed", "--runs", 2, "--format", "json"))
    return rows, figures


def ours_listed(entries, *more):
    """What `lgpki bench crl` measures."""
    return json.loads(run(LGPKI, "bench", "crl", "--entries", entries, "--runs", 7, *more, "--format", "json"))


def openssl_listed(folder, name):
    """Seconds `openssl ca -gencrl` takes."""
    (folder / "crlnumber").write_text("01\n")
    return timed("openssl", "ca", "-gencrl", "-config", folder / f"{name}.cnf", "-out", folder / "o.crl")


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


def answers(folder, seconds, rounds):
    """Rows of the table of answers: who, how, the medians of all rounds; octets of an answer; the µs a signature alone takes, and
    how much of its rate live answers reach. A virtual machine is quicker in one minute than in the next, so everybody has a
    turn in every round, and what is compared is compared within a round."""
    started = []
    try:
        turns, answer = ours(folder, seconds, started)
        turns += nginx(folder, answer, seconds, started) + cfssl(folder, answer, seconds, started) + openssl(folder)
        held, alone = [], []
        for _ in range(rounds):
            alone.append(json.loads(run(LGPKI, "bench", "crl", "--entries", 1000, "--runs", 1, "--format", "json"))["signature_us"])
            held.append([turn() for _, _, turn in turns])
        rows = []
        for place, (who, how, _) in enumerate(turns):
            figures = {name: statistics.median(one[place][name] for one in held) for name in ["rate", "p99", "cpu", "errors"]}
            # Beside ours on the same kind of connection.
            beside = next(at for at, turn in enumerate(turns) if turn[1].startswith(how.split(",")[0]))
            figures["times"] = statistics.median(one[place]["cpu"] / one[beside]["cpu"] for one in held)
            rows.append((who, how, figures))
        live = next(at for at, turn in enumerate(turns) if "live" in turn[0])
        reached = statistics.median(signature / one[live]["cpu"] for signature, one in zip(alone, held))
        return rows, len(answer), (statistics.median(alone), reached)
    finally:
        for process in started:
            process.terminate()
            process.wait()


KEPT, OWN = "kept", "each its own"


def ours(folder, seconds, started):
    """Ours, and an answer."""
    site, port, management = folder / "site", free_port(), free_port()
    run(LGPKI, "init", site, "--generate-passphrase", "--listen", f"127.0.0.1:{port}", "--management", f"127.0.0.1:{management}")
    process = subprocess.Popen([LGPKI, "serve", "--config", site / "lgpki.toml"], cwd=site, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started.append(process)
    wait_for(port)
    base = f"http://127.0.0.1:{port}"
    (folder / "issuer.pem").write_bytes(urllib.request.urlopen(f"{base}/aia/application-ca.pem").read())
    serial = sqlite3.connect(site / "lgpki.db").execute(
        "select hex(serial) from certificate where authority_id = 'application-ca' limit 1").fetchone()[0]
    for name, nonce in [("plain", "-no_nonce"), ("nonce", "-nonce")]:
        run("openssl", "ocsp", "-issuer", folder / "issuer.pem", "-serial", f"0x{serial}", nonce, "-reqout", folder / name)
        (folder / f"{name}.lua").write_text(LUA.replace("{body}", f'"{folder / name}"'))
    (folder / "get.lua").write_text(LUA.replace("{body}", "nil"))
    path = urllib.parse.quote(base64.b64encode((folder / "plain").read_bytes()).decode(), safe="")
    pids, url = children(process.pid), f"{base}/ocsp/application-ca"
    rested(pids)
    answer = urllib.request.urlopen(f"{url}/{path}").read()

    def turn(url, script, close):
        return lambda: load(url, pids, seconds, folder / script, close)

    return [
        ("lgpki, signed ahead, GET", KEPT, turn(f"{url}/{path}", "get.lua", False)),
        ("lgpki, signed ahead, POST", KEPT, turn(url, "plain.lua", False)),
        ("lgpki, signed ahead, GET", OWN, turn(f"{url}/{path}", "get.lua", True)),
        ("lgpki, signed ahead, POST", OWN, turn(url, "plain.lua", True)),
        ("lgpki, live (nonce), POST", KEPT, turn(url, "nonce.lua", False)),
    ], answer


def nginx(folder, answer, seconds, started):
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
    started.append(process)
    wait_for(port)
    pids, url = children(process.pid), f"http://127.0.0.1:{port}/answer"

    def turn(close):
        return lambda: load(url, pids, seconds, folder / "get.lua", close)

    return [("nginx, static file of that size", KEPT, turn(False)), ("nginx, static file of that size", OWN, turn(True))]


def cfssl(folder, answer, seconds, started):
    """cfssl serving the same answer; by POST only, since it refuses every GET (it reads the path's slash as base64)."""
    if not shutil.which("cfssl"):
        return []
    port = free_port()
    (folder / "responses").write_text(base64.b64encode(answer).decode() + "\n")
    process = subprocess.Popen(["cfssl", "ocspserve", "-port", str(port), "-responses", folder / "responses", "-loglevel", "5"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started.append(process)
    wait_for(port)

    def turn(close):
        return lambda: load(f"http://127.0.0.1:{port}/", [str(process.pid)], seconds, folder / "plain.lua", close)

    return [("cfssl ocspserve, POST", KEPT, turn(False)), ("cfssl ocspserve, POST", OWN, turn(True))]


def openssl(folder):
    """openssl's responder, which signs each answer with P-256. It serves one connection after the other, and goes in circles for good
    after one that says nothing, as wrk's first: so it is started anew for each turn and asked by ab, one question after the other."""
    if not shutil.which("ab"):
        return []
    site, serial = folder / "openssl", "40000000000000000000000000000000AA"
    site.mkdir()
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=bench",
        "-keyout", site / "ca.key", "-out", site / "ca.pem", "-days", "30")
    (site / "index.txt").write_text(f"V\t330101000000Z\t\t{serial}\tunknown\t/CN=x\n")
    for name, nonce in [("plain", "-no_nonce"), ("nonce", "-nonce")]:
        run("openssl", "ocsp", "-issuer", site / "ca.pem", "-serial", f"0x{serial}", nonce, "-reqout", site / name)

    def turn(question):
        port = free_port()
        log = site / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(["openssl", "ocsp", "-index", "index.txt", "-port", str(port), "-rsigner", "ca.pem", "-rkey", "ca.key",
                                        "-CA", "ca.pem", "-ndays", "1"], cwd=site, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            while "waiting for OCSP client connections" not in log.read_text():
                time.sleep(0.05)
            output = run("ab", "-l", "-q", "-n", 10_000, "-c", 1, "-p", site / question, "-T", "application/ocsp-request", "-e", site / "times",
                         f"http://127.0.0.1:{port}/").decode()
            used = cpu_seconds([process.pid])
        finally:
            process.kill()
            process.wait()
        said = dict(line.split(":", 1) for line in output.splitlines() if ":" in line)
        times = dict(line.split(",") for line in (site / "times").read_text().splitlines()[1:])
        return {"rate": float(said["Requests per second"].split()[0]), "p99": float(times["99"]), "cpu": used / 10_000 * 1e6,
                "errors": int(said["Failed requests"])}

    one = f"{OWN}, one at a time"
    return [("openssl ocsp (always live), POST", one, lambda: turn("plain")),
            ("openssl ocsp, live (nonce), POST", one, lambda: turn("nonce"))]


# The page


def machine():
    """What it was measured on."""
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release().split('-')[0]}"


def page(entries, list_rows, figures, revoked, answer_rows, size, signing, rounds):
    """The results as Markdown."""
    alone, reached = signing
    text = ["# Benchmarks", "", f"Written by `tests/bench/run.py` on {datetime.date.today()}: {machine()}. One run; clients on the same machine.", ""]
    text += [f"## A list of {entries:,} entries", "", f"{figures['octets']:,} octets, {figures['octets_with_reasons']:,} with reasons, ECDSA P-256. Medians of "
             f"{LIST_ROUNDS} rounds in which everybody had a turn; ours: medians of 7 lists each time, at most {figures['peak_mib']:.0f} MiB of memory, of which the rows "
             f"are {figures['rows_mib']:.0f}.", ""]
    text += ["| | seconds | times ours |", "|---|---:|---:|"]
    text += [f"| {who} | {seconds:.3f} | {times:.2f} |" for who, seconds, times in list_rows]
    long = figures["long"]
    text += ["", f"A list of {long['entries']:,} entries, its rows streamed, takes {long['peak_mib']:.0f} MiB and {long['build_ms'] / 1000:.2f} s."]
    text += ["", f"## Where {entries:,} are revoked, and as many have an answer signed ahead", "", "Durable transactions, one after the other; "
             "a list from its rows; memory by the process's resident set.", ""]
    text += ["| | revoke one, median | p99 | rows to stored list | to a file | answers in memory | each |", "|---|---:|---:|---:|---:|---:|---:|"]
    text += [f"| {revoked['database']} | {revoked['revoke_p50_ms']:.2f} ms | {revoked['revoke_p99_ms']:.2f} ms | {revoked['stored_s']:.2f} s | "
             f"{revoked['published_s']:.2f} s | {revoked['answers_mib']:.0f} MiB | {revoked['answer_octets']:.0f} octets |"]
    text += ["", f"## Answers of {size} octets", "", f"One question, again and again, on 64 connections; the client shares the machine. Medians of {rounds} rounds in which "
             "everybody had a turn. CPU is the server's, for one answer, and compared, round by round, with that of our GET on the same kind of connection; p99 as the "
             f"client sees it. One signature alone takes {alone:.0f} µs: live answers come at {100 * reached:.0f} % of the rate at which the key alone signs.", ""]
    text += ["| | connection | answers/s | p99 ms | CPU µs | times ours | errors |", "|---|---|---:|---:|---:|---:|---:|"]
    text += [f"| {who} | {how} | {f['rate']:,.0f} | {f['p99']:.2f} | {f['cpu']:.1f} | {f['times']:.2f} | {f['errors']:.0f} |"
             for who, how, f in answer_rows]
    return "\n".join(text) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--entries", type=int, default=1_000_000)
    arguments.add_argument("--seconds", type=int, default=3)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--out", type=pathlib.Path)
    wanted = arguments.parse_args()
    prepare()
    with tempfile.TemporaryDirectory(prefix="lgpki-bench-") as folder:
        folder = pathlib.Path(folder)
        list_rows, figures = lists(folder, wanted.entries, LIST_ROUNDS)
        answer_rows, size, signing = answers(folder, wanted.seconds, wanted.rounds)
        revoked = revocations(folder, wanted.entries)
    text = page(wanted.entries, list_rows, figures, revoked, answer_rows, size, signing, wanted.rounds)
    print(text)
    if wanted.out:
        wanted.out.write_text(text)


if __name__ == "__main__":
    main()
