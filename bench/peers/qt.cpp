// SPDX-License-Identifier: MIT
//
// Qt: QProcess with forwarded channels (no pipes), start() and waitForFinished(). It has no
// descriptors to pass; setupChildProcess() is where its documentation puts what is to be done in
// the child.
//
// peer: Qt QProcess
// package: qtbase5-dev
// starts by: fork
// not passed: stay open unless close-on-exec
// passes: any numbers, by code in the child
// waits by: SIGCHLD handler, pipe
// cmake: find_package(Qt5 QUIET COMPONENTS Core)
// link: Qt5::Core
#include <QCoreApplication>
#include <QProcess>

#include <cerrno>
#include <deque>

#include "peers/by_pid.hpp"

namespace sysfd_bench {
namespace {

class PassingProcess : public QProcess {
 public:
  const std::vector<Move>* moves = nullptr;

 protected:
  void setupChildProcess() override { do_moves(*moves); }
};

class Qt : public Starter {
 public:
  int prepare(const Request& request) override {
    program_ = QString::fromStdString(request.program);
    arguments_.clear();
    for (const std::string& each : request.arguments)
      arguments_.append(QString::fromStdString(each));
    moves_ = in_safe_order(request.passed);
    return 0;
  }
  int start() override {
    PassingProcess& child = children_.emplace_back();
    child.moves = &moves_;
    child.setProcessChannelMode(QProcess::ForwardedChannels);
    child.setInputChannelMode(QProcess::ForwardedInputChannel);
    child.start(program_, arguments_, QIODevice::NotOpen);
    return 0;
  }
  int wait() override {
    PassingProcess& child = children_.front();
    child.waitForFinished(-1);
    const bool success = child.exitStatus() == QProcess::NormalExit && child.exitCode() == 0 &&
                         child.error() != QProcess::FailedToStart;
    children_.pop_front();
    return success ? 0 : ECANCELED;
  }

 private:
  QString program_;
  QStringList arguments_;
  std::vector<Move> moves_;
  std::deque<PassingProcess> children_;
};

void have_application() {
  static int count = 1;
  static char name[] = "bench";
  static char* arguments[] = {name, nullptr};
  static const QCoreApplication application(count, arguments);
}

}  // namespace

std::vector<Peer> peers() {
  return {{"Qt QProcess", ::qVersion(), [] {
             have_application();
             return std::make_unique<Qt>();
           }}};
}

}  // namespace sysfd_bench
