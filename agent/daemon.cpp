#include "agent/daemon.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <functional>
#include <iostream>
#include <memory>
#include <utility>

#include "agent/configuration.hpp"
#include "agent/control_socket.hpp"
#include "agent/duty.hpp"
#include "agent/log.hpp"
#include "agent/page_token.hpp"
#include "agent/service.hpp"
#include "agent/store.hpp"
#include "agent/system_clock.hpp"
#include "agent/web_api.hpp"
#include "agent/web_server.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds longest_farewell{10'000};  ///< messages on their way may take so long at the stop
constexpr Milliseconds longest_reload_wait{3'000};
constexpr Milliseconds farewell_look{50};
constexpr Milliseconds clock_check_interval{1'000};
constexpr Milliseconds positions_patience{5'000};
constexpr Milliseconds alive_interval{20'000};  ///< how exactly the time of a crash is known
/// Not looking for longer than this is told to somebody.
constexpr Milliseconds worth_telling{120'000};

class Daemon {
 public:
  explicit Daemon(const CommandLine& line)
      : line_(line), signals_(io_), housekeeping_(io_), watchdog_(io_), waiting_(io_) {}

  int run(std::unique_ptr<Configuration> configuration) {
    if (const Result<void> started = start(std::move(configuration)); !started) {
      log_error(started.error().text());
      return 1;
    }
    io_.run();
    stop();
    return exit_code_;
  }

 private:
  /// What needs rights, then what holds state, then what brings work in.
  Result<void> start(std::unique_ptr<Configuration> configuration) {
    const Language language = configuration->site.language;
    store_path_ = configuration->site.store_path;
    watch_signals();
    const Result<IcmpOpened> icmp = icmp_.open();
    if (!icmp) log_warning(icmp.error().text());
    Result<std::unique_ptr<SnmpProber>> snmp = SnmpProber::open(io_, configuration->sensor_packs);
    if (snmp)
      snmp_ = std::move(*snmp);
    else
      log_warning("SNMP: " + snmp.error().text());
    if (Result<void> opened = open_store(language); !opened) return opened;
    Result<Past> past = store_->past();
    if (!past) return tl::unexpected(past.error());
    for (const std::string& damage : past->damage) log_error(store_path_ + ": " + damage);
    const Time last = past->events.empty() ? Time{} : past->events.back().time;
    const std::optional<Time> alive = past->alive;
    tokens_ = std::make_unique<PageTokens>(store_path_ + ".key");
    if (!tokens_->trouble().empty()) log_warning(tokens_->trouble());
    clock_ = std::make_unique<SystemClock>(last);
    begin_duty(std::move(configuration), std::move(*past));
    log_notice(std::string("nethealth ") + NETHEALTH_VERSION + ", " + duty_->summary() + ", ICMP: " +
               (icmp ? icmp->text() : "none") + ", SNMP: " + (snmp_ ? "ok" : "none") + ", " + store_path_);
    duty_->start();
    wait_for_log_positions();
    if (Result<void> opened = open_control(); !opened) return opened;
    tell_if_down(alive);
    open_web();
    keep_house();
    say_alive();
    feed_watchdog();
    notify_ready(duty_->summary());
    return {};
  }

  /// Whoever sees the daemon answer may rely on it that lines written from then on are read, even if it is
  /// killed in this moment.
  void wait_for_log_positions() {
    const auto end = std::chrono::steady_clock::now() + positions_patience;
    while (!duty_->log_positions_safe() && std::chrono::steady_clock::now() < end)
      if (io_.run_one_until(end) == 0) return;
  }

  void stop() {
    web_.reset();
    api_.reset();
    if (control_) control_->stop();
    control_.reset();
    duty_.reset();
    store_.reset();
    snmp_.reset();
  }

  Result<void> open_store(Language language) {
    Result<std::unique_ptr<Store>> store = Store::open(io_, store_path_, language);
    if (!store) return tl::unexpected(store.error());
    store_ = std::move(*store);
    if (!store_->warning().empty()) log_warning(store_->warning());
    return {};
  }

  void begin_duty(std::unique_ptr<Configuration> configuration, Past past) {
    duty_ = std::make_unique<Duty>(io_, *clock_, *store_, Probers{icmp_, curl_, snmp_.get()}, messages_,
                                   *tokens_, std::move(configuration), std::move(past));
  }

  Result<void> open_control() {
    auto handler = [this](const ControlRequest& request, const Peer& peer,
                          const ControlSocket::Answer& reply) {
      if (!duty_)
        return reply({exit_no_daemon, "", "nethealth: the daemon is starting or stopping; try again\n"});
      answer(duty_->desk(), request, peer, reply);
    };
    Result<std::unique_ptr<ControlSocket>> socket =
        ControlSocket::open(io_, line_.socket, std::move(handler));
    if (!socket) return tl::unexpected(socket.error());
    control_ = std::move(*socket);
    return {};
  }

  /// Pages and API are a convenience: what stands in their way is told, and never stops the watch.
  void open_web() {
    web_.reset();
    const std::optional<HttpServer>& where = duty_->site().http;
    if (!where) return;
    if (!api_) {
      WebApi::World world;
      world.desk = [this] { return duty_ ? std::optional(duty_->desk()) : std::nullopt; };
      world.storage_failing = [this] { return duty_ && duty_->storage_failing(); };
      world.counters = [this] { return web_ ? web_->counters() : WebCounters{}; };
      api_ = std::make_unique<WebApi>(io_, std::move(world));
    }
    Result<std::unique_ptr<WebServer>> server = WebServer::open(io_, *where, api_->handlers());
    if (!server) return log_error("HTTP: " + server.error().text());
    web_ = std::move(*server);
    log_notice(std::string(where->certificate.empty() ? "HTTP: http://" : "HTTP: https://") + where->host +
               ":" + std::to_string(web_->port()));
  }

  void watch_signals() {
    std::signal(SIGPIPE, SIG_IGN);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal);
    next_signal();
  }

  void next_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      next_signal();
      if (signal == SIGHUP)
        reload();
      else
        end();
    });
  }

  /// The second signal does not wait for messages any more.
  void end() {
    if (std::exchange(ending_, true)) return io_.stop();
    notify_stopping();
    log_notice(duty_->site().language == Language::ja ? "終了します" : "stopping");
    duty_->stop_looking();
    when_settled(longest_farewell, [this] { io_.stop(); });
  }

  void reload() {
    if (ending_) return;
    if (reloading_) {
      reload_again_ = true;
      return;
    }
    notify_reloading();
    const Language language = duty_->site().language;
    LoadedConfiguration loaded =
        load_configuration(line_.config, line_.language, language, Secrets::required);
    for (const Problem& problem : loaded.problems)
      problem.warning ? log_warning(problem.text()) : log_error(problem.text());
    if (!loaded.configuration)
      return reload_refused({"設定に誤りがあるため、前の設定のまま続けます",
                             "the configuration has mistakes; the old one stays"});
    reloading_ = true;
    next_ = std::move(loaded.configuration);
    when_settled(longest_reload_wait, [this] { change_duty(); });
  }

  void reload_refused(Phrase why) {
    log_error(why.in(duty_->site().language));
    notify_ready(duty_->summary());
  }

  /// The engine is rebuilt from the journal under the new site, by the code that a restart uses.
  void change_duty() {
    reloading_ = false;
    if (ending_) return;
    if (!duty_->written())
      return reload_refused({"記録に書けない間は設定を読み直せません。直ってから再度SIGHUPを送ってください",
                             "no reload while the journal cannot be written; send SIGHUP again when it can"});
    Result<Past> past = store_->past();
    if (!past) {
      log_error(past.error().text());
      return reload_refused({"記録を読めないため、前の設定のまま続けます",
                             "the journal cannot be read; the old configuration stays"});
    }
    const Language language = next_->site.language;
    if (next_->site.store_path != store_path_)
      log_warning(
          Phrase{"storeの変更には再起動が必要です", "a change of store takes a restart"}.in(language));
    duty_.reset();
    Result<std::unique_ptr<SnmpProber>> snmp = SnmpProber::open(io_, next_->sensor_packs);
    if (snmp)
      snmp_ = std::move(*snmp);
    else
      log_warning("SNMP: " + snmp.error().text());
    begin_duty(std::move(next_), std::move(*past));
    duty_->start();
    open_web();
    log_notice(std::string(Phrase{"設定を読み直しました: ", "configuration reloaded: "}.in(language)) +
               duty_->summary());
    notify_ready(duty_->summary());
    if (std::exchange(reload_again_, false)) reload();
  }

  /// Messages have left and everything is in the journal, or the limit is over.
  void when_settled(Milliseconds limit, std::function<void()> next) {
    waiting_limit_ = std::chrono::steady_clock::now() + limit;
    next_step_ = std::move(next);
    look_whether_settled();
  }

  void look_whether_settled() {
    const bool settled = duty_->messages_held() == 0 && duty_->written();
    if (settled || std::chrono::steady_clock::now() >= waiting_limit_) return std::exchange(next_step_, {})();
    waiting_.expires_after(farewell_look);
    waiting_.async_wait([this](const boost::system::error_code& error) {
      if (!error && next_step_) look_whether_settled();
    });
  }

  /// What was not seen while nobody looked must not be taken for health.
  void tell_if_down(std::optional<Time> alive) {
    const Time wall = read_system_clocks().wall;
    if (alive && wall - *alive > worth_telling) duty_->was_down(*alive, wall);
  }

  void say_alive() {
    Batch batch;
    batch.alive = read_system_clocks().wall;
    store_->commit(std::move(batch), [](const Result<void>&) {});
    alive_.expires_after(alive_interval);
    alive_.async_wait([this](const boost::system::error_code& error) {
      if (!error) say_alive();
    });
  }

  void keep_house() {
    housekeeping_.expires_after(clock_check_interval);
    housekeeping_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      check_clock();
      keep_house();
    });
  }

  /// A clock that was set forward is taken over at once only while nobody's time to answer is running.
  void check_clock() {
    if (const auto jump = clock_->jump()) {
      const std::string seconds = std::to_string(std::chrono::duration<double>(*jump).count());
      log_warning(duty_->site().language == Language::ja
                      ? "壁時計が" + seconds + "秒動きました。監視の時刻は連続したまま、少しずつ合わせます"
                      : "the wall clock moved by " + seconds +
                            " s; our time stays continuous and follows slowly");
    }
    if (clock_->wall_ahead() > SystemClock::jump_worth_a_word && duty_ && !duty_->incident_open() &&
        clock_->leap())
      log_notice(Phrase{"壁時計の時刻を採り入れました", "the wall clock's time was taken over"}.in(
          duty_->site().language));
  }

  void feed_watchdog() {
    const auto interval = watchdog_interval();
    if (!interval) return;
    notify_alive();
    watchdog_.expires_after(*interval);
    watchdog_.async_wait([this](const boost::system::error_code& error) {
      if (!error) feed_watchdog();
    });
  }

  const CommandLine& line_;
  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_;
  boost::asio::steady_timer housekeeping_;
  boost::asio::steady_timer alive_{io_};
  boost::asio::steady_timer watchdog_;
  boost::asio::steady_timer waiting_;
  std::chrono::steady_clock::time_point waiting_limit_;
  std::function<void()> next_step_;
  std::string store_path_;
  IcmpProber icmp_{io_};
  CurlWorker curl_{io_};
  CurlWorker messages_{io_};
  std::unique_ptr<PageTokens> tokens_;
  std::unique_ptr<SnmpProber> snmp_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<SystemClock> clock_;
  std::unique_ptr<Duty> duty_;
  std::unique_ptr<ControlSocket> control_;
  std::unique_ptr<WebApi> api_;
  std::unique_ptr<WebServer> web_;
  std::unique_ptr<Configuration> next_;  ///< waits for its turn during a reload
  bool ending_ = false;
  bool reloading_ = false;
  bool reload_again_ = false;
  int exit_code_ = 0;
};

}  // namespace

int run_daemon(const CommandLine& line) {
  LoadedConfiguration loaded =
      load_configuration(line.config, line.language, environment_language(), Secrets::required);
  for (const Problem& problem : loaded.problems) std::cerr << problem.text() << "\n";
  if (!loaded.configuration) return 1;
  open_log();
  return Daemon(line).run(std::move(loaded.configuration));
}

}  // namespace nethealth
