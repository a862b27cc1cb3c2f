"""Which repeats are meant: how a client without a proper farewell ends tells whether it has read the answers."""

import smtplib
import socket
import time

MESSAGE = "Subject: the same\r\nX-Case: %s\r\n\r\nthe same\r\n"


def dialogue(account, case, farewell):
    message = MESSAGE % case
    return (
        "LHLO client.example\r\nMAIL FROM:<me@client.example>\r\n"
        f"RCPT TO:<{account.address}>\r\nDATA\r\n{message}.\r\n{farewell}"
    ).encode()


def connect(host):
    return socket.create_connection(("127.0.0.1", host.port("lmtp")), timeout=20)


def count(account, case):
    wanted = ("X-Case: %s\r\n" % case).encode()
    return sum(wanted in body for body in account.bodies())


def test_a_client_that_never_says_quit_means_each_message(host, account):
    for _ in range(3):
        client = smtplib.LMTP("127.0.0.1", host.port("lmtp"))
        client.sendmail("me@client.example", [account.address], (MESSAGE % "no-quit").encode())
        client.sock.close()
        time.sleep(0.2)
    assert count(account, "no-quit") == 3


def test_a_client_that_sends_everything_ahead_means_each_message(host, account):
    for _ in range(3):
        with connect(host) as client:
            client.sendall(dialogue(account, "ahead", "QUIT\r\n"))
            while client.recv(4096):
                pass
        time.sleep(0.2)
    assert count(account, "ahead") == 3


def test_a_client_that_leaves_before_the_answer_repeats_itself(host, account):
    for _ in range(3):
        with connect(host) as client:
            client.sendall(dialogue(account, "before", ""))
        time.sleep(0.7)
    assert count(account, "before") == 1


def test_a_client_that_does_not_read_the_answer_repeats_itself(host, account):
    for _ in range(3):
        with connect(host) as client:
            client.sendall(dialogue(account, "unread", ""))
            time.sleep(0.7)
    assert count(account, "unread") == 1
