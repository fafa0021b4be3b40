#pragma once
// One connection to a syslog receiver, from its opening to its end. A new one is made for each try.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/site.hpp"

namespace nethealth {

/// No callback comes from inside a call, nor after the link is destroyed. A trouble text is English, for
/// people; empty when there is none.
class SyslogLink {
 public:
  using Done = std::function<void(const std::string& trouble)>;

  virtual ~SyslogLink() = default;

  /// `ended` comes at most once after `opened` came without trouble: the other side closed, or refused.
  virtual void open(Done opened, Done ended) = 0;
  /// One at a time. Each message is framed as the target wants it.
  virtual void write(std::vector<std::string> messages, Done written) = 0;
  /// Why the connection stands no longer, looked at anew.
  virtual std::string trouble() = 0;
  /// Bytes handed over in all.
  [[nodiscard]] virtual std::uint64_t written_bytes() const = 0;
  /// Of these, what the other side's system has not confirmed; 0 where nothing is ever confirmed.
  [[nodiscard]] virtual std::uint64_t unconfirmed_bytes() const = 0;
};

/// By the target's transport.
std::shared_ptr<SyslogLink> syslog_link(boost::asio::io_context& io, const SyslogTarget& target);
std::shared_ptr<SyslogLink> tcp_syslog_link(boost::asio::io_context& io, const SyslogTarget& target);
std::shared_ptr<SyslogLink> udp_syslog_link(boost::asio::io_context& io, const SyslogTarget& target);
/// RFC 5425: TLS 1.2 or newer, octet counting, the server's certificate verified with its name, ours shown
/// when it asks.
std::shared_ptr<SyslogLink> tls_syslog_link(boost::asio::io_context& io, const SyslogTarget& target);

}  // namespace nethealth
