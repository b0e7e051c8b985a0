"""boto3, against a server that does what S3 and SQS do: objects, streams, pages, faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Runner
from origin import pattern

pytest.importorskip("boto3")


@pytest.fixture
def cloud() -> Iterator[str]:
    """A stand-in for Amazon's servers; gives its address."""
    moto = pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def service(name: str, url: str) -> Any:
    import boto3

    keys = {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    return boto3.client(name, endpoint_url=url, **keys)


def objects(url: str) -> None:
    import io

    from botocore.exceptions import ClientError

    s3 = service("s3", url)
    s3.create_bucket(Bucket="bucket")
    for size in 0, 1, 300_000:
        # Botocore asks first whether the body is welcome (Expect: 100-continue).
        put = s3.put_object(
            Bucket="bucket", Key=f"k/{size}", Body=pattern(size), Metadata={"size": str(size)}
        )
        assert put["ResponseMetadata"]["HTTPStatusCode"] == 200
        got = s3.get_object(Bucket="bucket", Key=f"k/{size}")
        raw = got["Body"]._raw_stream._original_response.fp
        assert not size or type(raw).__module__ == "straightwire._engine"
        assert got["Body"].read() == pattern(size) and got["Metadata"] == {"size": str(size)}
    part = s3.get_object(Bucket="bucket", Key="k/300000", Range="bytes=100000-199999")["Body"]
    assert b"".join(part.iter_chunks(3000)) == pattern(300_000)[100_000:200_000]
    assert (
        list(s3.get_object(Bucket="bucket", Key="k/300000")["Body"].iter_lines())[1] == pattern(256)[128:-1]
    )
    # By threads, in parts.
    s3.upload_fileobj(io.BytesIO(pattern(9_000_000)), "bucket", "large")
    whole = io.BytesIO()
    s3.download_fileobj("bucket", "large", whole)
    assert whole.getvalue() == pattern(9_000_000)
    for number in range(12):
        s3.copy_object(Bucket="bucket", Key=f"copy/{number}", CopySource="bucket/k/1")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="bucket", PaginationConfig={"PageSize": 5})
    assert [len(page["Contents"]) for page in pages] == [5, 5, 5, 1]
    for call, code in (s3.get_object, "NoSuchKey"), (s3.head_object, "404"):
        with pytest.raises(ClientError) as caught:
            call(Bucket="bucket", Key="none")
        assert caught.value.response["Error"]["Code"] == code
    s3.delete_object(Bucket="bucket", Key="large")


def test_objects(run: Runner, cloud: str) -> None:
    run(objects, cloud)


def queue(url: str) -> None:
    sqs = service("sqs", url)
    address = sqs.create_queue(QueueName="q")["QueueUrl"]
    for number in range(20):
        sqs.send_message(QueueUrl=address, MessageBody=f"message {number} äöü")
    received: list[str] = []
    while len(received) < 20:
        for message in sqs.receive_message(QueueUrl=address, MaxNumberOfMessages=10)["Messages"]:
            received.append(message["Body"])
            sqs.delete_message(QueueUrl=address, ReceiptHandle=message["ReceiptHandle"])
    assert sorted(received) == sorted(f"message {number} äöü" for number in range(20))


def test_a_queue(run: Runner, cloud: str) -> None:
    run(queue, cloud)
