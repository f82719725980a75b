/* A tree that stays while a workload runs, of nodes that lists are made of, too. */
#ifndef BENCH_TREE_H
#define BENCH_TREE_H

#include "measure.h"

struct node {
    struct node *left, *right;
    uint64_t number, unused;
};

static struct node *volatile root;

static struct node *node_new(struct node *left, struct node *right, uint64_t number)
{
    struct node *node = peer_alloc_zeroed(sizeof(*node));

    node->left = left;
    node->right = right;
    node->number = number;
    return node;
}

static struct node *tree_new(long depth)
{
    struct node *left = depth ? tree_new(depth - 1) : NULL;
    struct node *right = depth ? tree_new(depth - 1) : NULL;

    return node_new(left, right, (uint64_t)depth);
}

#endif
