// MemoryStorage: a store for tests. Clients share the content of the object they came from.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/component/component.h"

namespace otelpipe::tail {

class MemoryStorage {
 public:
  using Content = std::map<std::string, std::string, std::less<>>;
  std::unique_ptr<StorageClient> Client() { return std::make_unique<ClientImpl>(content_); }
  Content& content() { return *content_; }

 private:
  class ClientImpl final : public StorageClient {
   public:
    explicit ClientImpl(std::shared_ptr<Content> content) : content_(std::move(content)) {}
    absl::StatusOr<std::string> Get(std::string_view key) override {
      auto it = content_->find(key);
      if (it == content_->end()) return absl::NotFoundError("no such key");
      return it->second;
    }
    absl::Status Set(std::string_view key, std::string_view value) override {
      (*content_)[std::string(key)] = std::string(value);
      return absl::OkStatus();
    }
    absl::Status Delete(std::string_view key) override {
      content_->erase(std::string(key));
      return absl::OkStatus();
    }
    absl::Status Apply(const std::vector<Write>& writes) override {
      for (const Write& w : writes) {
        if (w.remove) {
          content_->erase(w.key);
        } else {
          (*content_)[w.key] = w.value;
        }
      }
      return absl::OkStatus();
    }
    std::vector<std::string> Keys() override {
      std::vector<std::string> keys;
      for (const auto& [key, value] : *content_) keys.push_back(key);
      return keys;
    }
    absl::StatusOr<std::string> Directory() override { return absl::UnimplementedError("no directory in memory"); }

   private:
    std::shared_ptr<Content> content_;
  };
  std::shared_ptr<Content> content_ = std::make_shared<Content>();
};

}  // namespace otelpipe::tail
