// Package field has what the commands share that measure on a real machine: processes that compete
// with what is measured, the state of the machine meanwhile, and other people's modules.
package field
