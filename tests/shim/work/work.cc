// Templates, exceptions, maps and strings: what a compiler takes long for, and then runs.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

struct Node {
    std::shared_ptr<Node> left, right;
    std::string name;
};

static std::shared_ptr<Node> make(int depth)
{
    auto node = std::make_shared<Node>();
    node->name = "depth " + std::to_string(depth);
    if (depth > 0)
        node->left = make(depth - 1), node->right = make(depth - 1);
    return node;
}

static size_t count(const std::shared_ptr<Node> &node)
{
    return node ? node->name.size() + count(node->left) + count(node->right) : 0;
}

int main()
{
    std::map<std::string, std::vector<int>> words;
    std::unordered_map<int, std::function<int(int)>> functions;
    for (int i = 0; i < 20000; i++) {
        words["word" + std::to_string(i * 7919 % 501)].push_back(i);
        functions[i] = [i](int x) { return x * i % 1000; };
    }
    int sum = 0;
    for (auto &[n, function] : functions)
        sum += function(n);
    std::ostringstream text;
    for (auto &[word, list] : words)
        text << word << ':' << list.size() << ' ';
    std::string all = text.str();
    const std::regex ends_in_seven("word([0-9]*7):");
    auto begin = std::sregex_iterator(all.begin(), all.end(), ends_in_seven);
    std::cout << sum << ' ' << all.size() << ' ' << std::distance(begin, std::sregex_iterator()) << ' '
              << count(make(12)) << '\n';
    int caught = 0;
    for (int i = 0; i < 1000; i++)
        try {
            std::vector<int>(10).at(static_cast<size_t>(i));
        } catch (const std::out_of_range &) {
            caught++;
        }
    std::cout << caught << '\n';
}
