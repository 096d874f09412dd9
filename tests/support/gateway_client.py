"""A script as people write them: asks the gateway some questions in a row, with the standard library alone.

Run by path, with the gateway's address, a token and the number of questions.
"""

import json
import sys
import urllib.request


def main(url: str, token: str, questions: int) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for number in range(questions):
        asked = {"model": "auto", "messages": [{"role": "user", "content": f"question {number}"}]}
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(asked).encode(), headers)
        with opener.open(request) as answer:
            json.load(answer)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
