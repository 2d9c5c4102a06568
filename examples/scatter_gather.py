"""Share work out and collect results: SCATTER and GATHER, the pipeline of sockets for threads.

They do what PUSH and PULL do, with messages of one frame. Here four workers in threads of their own
share one GATHER and one SCATTER: any number of threads may take from a socket, and put into it.
"""

import threading

import zmqthread as zmq

TASKS, WORKERS = 100, 4


def work(tasks, results):
    """Square numbers until there is an empty message instead of one."""
    while task := tasks.recv():
        number = int(task)
        results.send(str(number * number).encode())


with zmq.Context() as context:
    out, tasks = context.socket(zmq.SCATTER), context.socket(zmq.GATHER)
    results, collected = context.socket(zmq.SCATTER), context.socket(zmq.GATHER)
    with out, tasks, results, collected:
        tasks.bind("inproc://tasks")
        out.connect("inproc://tasks")
        collected.bind("inproc://results")
        results.connect("inproc://results")
        workers = [threading.Thread(target=work, args=(tasks, results)) for _ in range(WORKERS)]
        for worker in workers:
            worker.start()
        for number in range(TASKS):
            out.send(str(number).encode())
        total = sum(int(collected.recv()) for _ in range(TASKS))
        for _ in workers:
            out.send(b"")
        for worker in workers:
            worker.join()
        print(f"the sum of {TASKS} squares is {total}", flush=True)
