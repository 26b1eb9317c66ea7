"""Runs commands of pkilint on many files in one process: importing pkilint takes longer than linting does.

On standard input, JSON: [{"linter": "lint_crl", "options": ["-t", "CRL", "-p", "PKIX"], "files": ["a.crl"]}, …]; several files of
one entry are one run (the chain linter takes issuer and subject), and the findings are about the last one.
On standard output, JSON: [{"file", "linter", "severity", "code", "message", "place"}, …] of severity WARNING and above, or of
the severity that is the first argument.

Nothing is judged here: each run is the `main` of the command's own module with the arguments a person would type, and what is
printed is that command's JSON report, flattened. A file that cannot be read, or a linter that breaks off, is a FATAL finding.
"""

import contextlib
import importlib
import io
import json
import sys


def run(job, severity):
    """The findings of one run of one command."""

    def finding(severity, code, message, place=None):
        return {
            "file": job["files"][-1],
            "linter": job["linter"],
            "severity": severity,
            "code": code,
            "message": message,
            "place": place,
        }

    command = importlib.import_module(f"pkilint.bin.{job['linter']}")
    arguments = ["lint", *job["options"], "-s", severity, "-f", "JSON", *job["files"]]
    said, complained = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
            command.main(arguments)
        results = json.loads(said.getvalue())["results"]
    except (Exception, SystemExit) as error:  # argparse leaves by SystemExit
        return [finding("FATAL", "lint.broke_off", f"{complained.getvalue()}{error!r}")]
    return [
        finding(one["severity"], one["code"], one["message"], result["node_path"])
        for result in results
        for one in result["finding_descriptions"]
    ]


if __name__ == "__main__":
    threshold = sys.argv[1] if len(sys.argv) > 1 else "WARNING"
    found = [finding for job in json.load(sys.stdin) for finding in run(job, threshold)]
    json.dump(found, sys.stdout, ensure_ascii=False)
