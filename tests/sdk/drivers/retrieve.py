"""Find a job of an earlier process by its id (the argument), and read its results again."""

import sys

from kit import driver, pub_report, service


def main():
    job = service().job(sys.argv[1])
    return {"id": job.job_id(), "status": job.status(), "pub": pub_report(job.result()[0]), "tags": job.tags}


driver(main)
