#pragma once
// Polling as programs usually do it with net-snmp: a session an agent, its asynchronous calls, and a loop
// over the sockets of the sessions under way. For tests/bench/snmp_throughput, as a peer in
// the same language and process.

#include <net-snmp/net-snmp-config.h>
// The library's configuration comes first.
#include <net-snmp/net-snmp-includes.h>
// After both.
#include <net-snmp/library/large_fd_set.h>
#include <poll.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <vector>

namespace snmp_sessions {

struct Question {
  int verb = SNMP_MSG_GET;
  long repetitions = 0;
  std::vector<std::vector<oid>> names;
};

/// `run` gives the agents that answered every question; `address` is that of an agent by its number.
class Poller {
 public:
  Poller(std::vector<Question> questions, int count, std::string (*address)(int))
      : questions_(std::move(questions)) {
    init_snmp("bench");
    const rlimit descriptors{static_cast<rlim_t>(count) + 64, static_cast<rlim_t>(count) + 64};
    setrlimit(RLIMIT_NOFILE, &descriptors);
    for (int number = 0; number < count; ++number) agents_.push_back(open(address(number)));
  }
  ~Poller() {
    for (const auto& agent : agents_) snmp_sess_close(agent->session);
  }
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  int run(int width) {
    answered_ = 0;
    std::size_t begun = 0;
    while (begun < agents_.size() || !under_way_.empty()) {
      while (begun < agents_.size() && static_cast<int>(under_way_.size()) < width) begin(*agents_[begun++]);
      wait();
    }
    return answered_;
  }

 private:
  struct Agent {
    Poller* poller = nullptr;
    void* session = nullptr;
    std::size_t next = 0;
    bool ended = false;
    long values = 0;
  };

  std::unique_ptr<Agent> open(std::string peer) {
    netsnmp_session settings;
    snmp_sess_init(&settings);
    std::string community = "public";
    settings.version = SNMP_VERSION_2c;
    settings.peername = peer.data();
    settings.community = reinterpret_cast<u_char*>(community.data());
    settings.community_len = community.size();
    auto agent = std::make_unique<Agent>();
    agent->poller = this;
    agent->session = snmp_sess_open(&settings);
    return agent;
  }

  void begin(Agent& agent) {
    agent.next = 0;
    agent.ended = false;
    if (agent.session != nullptr && ask(agent)) under_way_.push_back(&agent);
  }

  bool ask(Agent& agent) {
    const Question& question = questions_[agent.next];
    netsnmp_pdu* pdu = snmp_pdu_create(question.verb);
    if (question.verb == SNMP_MSG_GETBULK) {
      pdu->non_repeaters = 0;
      pdu->max_repetitions = question.repetitions;
    }
    for (const auto& name : question.names) snmp_add_null_var(pdu, name.data(), name.size());
    return snmp_sess_async_send(agent.session, pdu, &Poller::take, &agent) != 0;
  }

  static int take(int operation, netsnmp_session*, int, netsnmp_pdu* pdu, void* magic) {
    Agent& agent = *static_cast<Agent*>(magic);
    const bool good = operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && pdu->errstat == 0;
    if (good) {
      for (const auto* value = pdu->variables; value != nullptr; value = value->next_variable) ++agent.values;
      if (++agent.next < agent.poller->questions_.size() && agent.poller->ask(agent)) return 1;
    }
    agent.ended = true;
    if (good) ++agent.poller->answered_;
    return 1;
  }

  void wait() {
    std::vector<pollfd> sockets;
    for (const Agent* agent : under_way_)
      sockets.push_back({snmp_sess_transport(agent->session)->sock, POLLIN, 0});
    const int ready = ::poll(sockets.data(), sockets.size(), 500);
    for (std::size_t i = 0; i < under_way_.size(); ++i) {
      if (ready <= 0) {
        snmp_sess_timeout(under_way_[i]->session);
      } else if (sockets[i].revents != 0) {
        netsnmp_large_fd_set readable;
        netsnmp_large_fd_set_init(&readable, sockets[i].fd + 1);
        NETSNMP_LARGE_FD_ZERO(&readable);
        NETSNMP_LARGE_FD_SET(sockets[i].fd, &readable);
        snmp_sess_read2(under_way_[i]->session, &readable);
        netsnmp_large_fd_set_cleanup(&readable);
      }
    }
    std::erase_if(under_way_, [](const Agent* agent) { return agent->ended; });
  }

  std::vector<Question> questions_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::vector<Agent*> under_way_;
  int answered_ = 0;
};

inline const std::vector<oid> uptime{1, 3, 6, 1, 2, 1, 1, 3, 0};

/// The same questions as `snmp_limit::quick_look`; of the first alone, a GET.
inline std::vector<Question> quick_look() {
  std::vector<Question> questions{{SNMP_MSG_GET, 0, {uptime}}};
  for (oid from = 0; from < 49; from += 13) {
    Question question{SNMP_MSG_GETBULK, 13, {}};
    for (const oid column : {2, 7, 8, 14, 20})
      question.names.push_back({1, 3, 6, 1, 2, 1, 2, 2, 1, column, from});
    questions.push_back(std::move(question));
  }
  for (oid from = 0; from < 49; from += 17) {
    Question question{SNMP_MSG_GETBULK, 17, {}};
    for (const oid column : {1, 15, 19})
      question.names.push_back({1, 3, 6, 1, 2, 1, 31, 1, 1, 1, column, from});
    questions.push_back(std::move(question));
  }
  return questions;
}

}  // namespace snmp_sessions
