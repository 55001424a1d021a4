#include "operator/wiring.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"

namespace otelpipe::internal {
namespace {

enum class Mark : char { kNew, kOpen, kDone };

class Walk {
 public:
  explicit Walk(const Edges& edges) : edges_(edges), marks_(edges.size(), Mark::kNew) {
    for (size_t i = 0; i < edges.size(); ++i) {
      if (marks_[i] == Mark::kNew) Visit(i);
    }
    std::reverse(finished_.begin(), finished_.end());
  }
  const std::vector<size_t>& order() const { return finished_; }
  const std::vector<std::vector<size_t>>& cycles() const { return cycles_; }

 private:
  void Visit(size_t node) {
    marks_[node] = Mark::kOpen;
    path_.push_back(node);
    // Last successor first, so that the finished order, reversed, keeps the order of the list.
    for (auto next = edges_[node].rbegin(); next != edges_[node].rend(); ++next) {
      if (marks_[*next] == Mark::kNew) {
        Visit(*next);
      } else if (marks_[*next] == Mark::kOpen) {
        cycles_.emplace_back(std::find(path_.begin(), path_.end(), *next), path_.end());
      }
    }
    path_.pop_back();
    marks_[node] = Mark::kDone;
    finished_.push_back(node);
  }

  const Edges& edges_;
  std::vector<Mark> marks_;
  std::vector<size_t> path_;
  std::vector<size_t> finished_;
  std::vector<std::vector<size_t>> cycles_;
};

}  // namespace

std::vector<std::string> OperatorIds(const OperatorList& list, std::string_view host) {
  std::set<std::string, std::less<>> taken = {std::string(host)};
  for (const OperatorList::Member& m : list.members) {
    if (!m.id.empty() && m.id != m.type) taken.insert(m.id);
  }
  std::map<std::string, int> counters;
  if (!host.empty()) counters[std::string(host)] = 0;
  std::vector<std::string> ids;
  for (const OperatorList::Member& m : list.members) {
    if (!m.id.empty() && m.id != m.type) {
      ids.push_back(m.id);
      continue;
    }
    auto [counter, first] = counters.try_emplace(m.type, 0);
    std::string id = m.type;
    if (!first) {
      do {
        id = absl::StrCat(m.type, ++counter->second);
      } while (taken.count(id) > 0);
    }
    taken.insert(id);
    ids.push_back(std::move(id));
  }
  return ids;
}

std::vector<size_t> OrderOfFlow(const Edges& edges) { return Walk(edges).order(); }

std::string DescribeCycles(const Edges& edges, const std::vector<std::string>& names) {
  std::string out;
  Walk walk(edges);
  for (const std::vector<size_t>& cycle : walk.cycles()) {
    absl::StrAppend(&out, out.empty() ? "(" : ", (");
    for (size_t node : cycle) absl::StrAppend(&out, names[node], " -> ");
    absl::StrAppend(&out, names[cycle.front()], ")");
  }
  return out;
}

}  // namespace otelpipe::internal
