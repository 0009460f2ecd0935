# docker build -t alexnet-bench .
# docker run --rm -v "$PWD/runs:/runs" alexnet-bench run --variants --out /runs/first
FROM python:3.12-slim
# For class names in Chinese, Japanese and Korean in figures; git, for `bench compare --base` and `bench gate`.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-noto-cjk git && rm -rf /var/lib/apt/lists/*
COPY . /alexnet-bench
RUN pip install --no-cache-dir -c /alexnet-bench/constraints.txt "/alexnet-bench[history]"
WORKDIR /runs
ENTRYPOINT ["bench"]
